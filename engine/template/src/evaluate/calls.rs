//! Calls: functions and methods, filters, tests, lookups.

use std::sync::Arc;

use super::composition::Module;
use super::fault::{all_defined, defined};
use super::loops::LoopVariable;
use super::macros::Macro;
use super::rendering::mark_secret;
use super::{Arguments, Bound, Fault, Interpreter, Rendering};
use crate::filters::Filter;
use crate::jinja_tests::JinjaTest;
use crate::object::Object;
use crate::sidecar::{Found, Kind, PythonPlugin};
use crate::syntax::{Argument, CallExpr, Expr, FilterExpr, TestExpr};
use crate::{filters, jinja_tests, lookups, methods};

/// What a filter gets.
pub(crate) struct FilterCall<'c> {
    pub(crate) rendering: &'c Rendering<'c>,
    pub(crate) input: Object,
    pub(crate) args: Bound,
}

/// What a test gets.
pub(crate) struct TestCall<'c> {
    pub(crate) rendering: &'c Rendering<'c>,
    pub(crate) subject: &'c Object,
    pub(crate) args: Bound,
}

impl Interpreter<'_> {
    pub(crate) fn call_expr(&self, call: &CallExpr) -> Result<Object, Fault> {
        match &call.callee {
            Expr::Name(name) if lookups::is_function(name) && self.is_global(name) => self.lookup_expr(name, call),
            Expr::Name(name) if &**name == "super" && self.block.is_some() => self.super_block(),
            Expr::Attribute(object, name) if matches!(&**object, Expr::Name(n) if &**n == "self") => {
                self.self_block(name)
            }
            Expr::Attribute(object, name) => {
                let object = self.eval(object)?;
                let mut arguments = self.arguments(&call.arguments)?;
                if object.is_undefined() {
                    return Ok(object);
                }
                if object.native_as::<Module>().is_none() && methods::exists_or_native(&object, name) {
                    if let Some(undefined) = arguments.undefined() {
                        return Ok(undefined);
                    }
                    if let Some(result) = methods::call(self.rendering, &object, name, &mut arguments) {
                        return self.deferred(result.map(|result| secret_from(&object, result)));
                    }
                }
                let callee = self.attribute_of(&object, name)?;
                self.call_object(&callee, arguments)
            }
            callee => {
                let callee = self.eval(callee)?;
                let arguments = self.arguments(&call.arguments)?;
                self.call_object(&callee, arguments)
            }
        }
    }

    fn is_global(&self, name: &str) -> bool {
        self.locals.get(name).is_none() && self.frame.scope.source.get(name).is_none()
    }

    fn call_object(&self, callee: &Object, arguments: Arguments) -> Result<Object, Fault> {
        if callee.is_undefined() {
            return Ok(callee.clone());
        }
        if let Some(variable) = callee.native_as::<LoopVariable>() {
            return self.recurse(variable, arguments);
        }
        match arguments.undefined().filter(|_| callee.native_as::<Macro>().is_none()) {
            Some(undefined) => Ok(undefined),
            None => self.deferred(call(self.rendering, callee, arguments)),
        }
    }

    pub(crate) fn arguments(&self, arguments: &[Argument]) -> Result<Arguments, Fault> {
        self.arguments_with(arguments, &|this, expr| this.eval(expr))
    }

    fn arguments_with(
        &self,
        arguments: &[Argument],
        eval: &dyn Fn(&Self, &Expr) -> Result<Object, Fault>,
    ) -> Result<Arguments, Fault> {
        let mut evaluated = Arguments::default();
        for argument in arguments {
            match argument {
                Argument::Positional(expr) => evaluated.positional.push(eval(self, expr)?),
                Argument::Named(name, expr) => evaluated.named.push((name.clone(), eval(self, expr)?)),
                Argument::Splat(expr) => {
                    let items = super::iterate(self.rendering, &defined(eval(self, expr)?)?)?;
                    evaluated.positional.extend(items.iter().cloned());
                }
                Argument::NamedSplat(expr) => {
                    let Object::Dict(dict) = defined(eval(self, expr)?)? else {
                        return Err(Fault::error("argument after ** must be a mapping"));
                    };
                    for (key, object) in dict.entries(self.rendering)?.iter() {
                        let name = key.as_str().ok_or_else(|| Fault::error("keywords must be strings"))?;
                        evaluated.named.push((name.into(), object.clone()));
                    }
                }
            }
        }
        Ok(evaluated)
    }

    /// `lookup('name', …)`, `query(…)`, `q(…)`: string constants in their arguments may hold templates, the name may not.
    fn lookup_expr(&self, function: &str, call: &CallExpr) -> Result<Object, Fault> {
        let is_name = |expr: &Expr| matches!(call.arguments.first(), Some(Argument::Positional(first)) if std::ptr::eq(first, expr));
        let arguments = self.arguments_with(&call.arguments, &|this, expr| match expr {
            Expr::Embedded(constant) if !is_name(expr) => match this.embedded(constant) {
                Err(Fault::Undefined(missing)) => Ok(Object::Undefined(missing)),
                Err(Fault::Template(error)) if error.is_undefined() && self.takes_undefined(call) => {
                    Ok(Object::undefined(None, error.to_string()))
                }
                result => result,
            },
            other => this.eval(other),
        })?;
        if let Some(undefined) = arguments.positional.iter().find(|object| object.is_undefined())
            && !arguments.positional.first().is_some_and(|name| lookups::takes_undefined(self.rendering, name))
        {
            return Ok(undefined.clone());
        }
        self.deferred(lookups::call_function(self, function, arguments))
    }

    /// Whether the lookup of this call wants to see undefined terms.
    fn takes_undefined(&self, call: &CallExpr) -> bool {
        match call.arguments.first() {
            Some(Argument::Positional(Expr::Const(name))) => lookups::takes_undefined(self.rendering, name),
            _ => false,
        }
    }

    pub(crate) fn check_filter(&self, name: &str) -> Result<(), Fault> {
        if has_filter(self.rendering, name)? { Ok(()) } else { Err(self.unknown("filter", name)) }
    }

    fn unknown(&self, kind: &str, name: &str) -> Fault {
        let message = format!("Syntax error in {}: No {kind} named '{name}'.", self.frame.kind);
        crate::TemplateError::Syntax { message, origin: self.frame.place(self.line.get()) }.into()
    }

    pub(crate) fn filter(&self, input: Object, filter: &FilterExpr) -> Result<Object, Fault> {
        let arguments = self.arguments(&filter.arguments)?;
        let apply = || apply_filter(self.rendering, &filter.name, input, arguments);
        match self.rendering.called_from(&self.frame.scope, &self.locals, apply) {
            Some(result) => self.deferred(result),
            None => Err(self.unknown("filter", &filter.name)),
        }
    }

    pub(crate) fn test(&self, subject: &Object, test: &TestExpr) -> Result<Object, Fault> {
        let Some(found) = find_test(self.rendering, &test.name)? else {
            return Err(self.unknown("test", &test.name));
        };
        let arguments = self.arguments(&test.arguments)?;
        if let (false, Some(undefined)) = (found.takes_undefined(), undefined_operand(subject, &arguments)) {
            return Ok(undefined);
        }
        let apply = || apply_test(self.rendering, &test.name, subject, arguments);
        match self.rendering.called_from(&self.frame.scope, &self.locals, apply) {
            Some(result) => self.deferred(result.map(Object::Bool)),
            None => Err(self.unknown("test", &test.name)),
        }
    }
}

/// The first of the operands that is undefined: what is made of it is that undefined thing.
fn undefined_operand(input: &Object, arguments: &Arguments) -> Option<Object> {
    if let Object::Undefined(_) = input { Some(input.clone()) } else { arguments.undefined() }
}

/// A filter or test: one of ours, or one of the user's.
pub(crate) enum Plugin<B: 'static> {
    Builtin(&'static B),
    Python(Arc<PythonPlugin>),
}

impl Plugin<JinjaTest> {
    fn takes_undefined(&self) -> bool {
        match self {
            Self::Builtin(test) => test.takes_undefined,
            Self::Python(plugin) => plugin.takes_undefined,
        }
    }
}

/// The plugin `name` leads to, over redirections of collections.
fn find_plugin<B>(
    rendering: &Rendering<'_>,
    kind: Kind,
    name: &str,
    builtin: fn(&str) -> Option<&'static B>,
) -> Result<Option<Plugin<B>>, Fault> {
    let mut name = name.to_owned();
    for _ in 0..10 {
        let own = builtin(&name);
        match rendering.templar.plugins().find(rendering, kind, &name, own.is_some())? {
            Found::Python(plugin) => return Ok(Some(Plugin::Python(plugin))),
            Found::Redirect(target) => name = target,
            Found::Nothing => return Ok(own.map(Plugin::Builtin)),
        }
    }
    Err(Fault::error(format!("the redirections of the {} '{name}' do not end", kind.name())))
}

fn find_filter(rendering: &Rendering<'_>, name: &str) -> Result<Option<Plugin<Filter>>, Fault> {
    find_plugin(rendering, Kind::Filter, name, filters::find)
}

fn find_test(rendering: &Rendering<'_>, name: &str) -> Result<Option<Plugin<JinjaTest>>, Fault> {
    find_plugin(rendering, Kind::Test, name, jinja_tests::find)
}

pub(crate) fn has_filter(rendering: &Rendering<'_>, name: &str) -> Result<bool, Fault> {
    find_filter(rendering, name).map(|found| found.is_some())
}

pub(crate) fn has_test(rendering: &Rendering<'_>, name: &str) -> Result<bool, Fault> {
    find_test(rendering, name).map(|found| found.is_some())
}

/// Applies the filter `name`; nothing when there is no such filter.
pub(crate) fn apply_filter(
    rendering: &Rendering<'_>,
    name: &str,
    input: Object,
    arguments: Arguments,
) -> Option<Result<Object, Fault>> {
    match find_filter(rendering, name) {
        Ok(Some(Plugin::Builtin(filter))) => Some(apply_builtin_filter(rendering, filter, input, arguments)),
        Ok(Some(Plugin::Python(plugin))) => Some(apply_python_filter(rendering, &plugin, &input, &arguments)),
        Ok(None) => None,
        Err(fault) => Some(Err(fault)),
    }
}

fn apply_python_filter(
    rendering: &Rendering<'_>,
    plugin: &PythonPlugin,
    input: &Object,
    arguments: &Arguments,
) -> Result<Object, Fault> {
    if let (false, Some(undefined)) = (plugin.takes_undefined, undefined_operand(input, arguments)) {
        return Ok(undefined);
    }
    let secret = input.is_secret() || arguments.objects().any(Object::is_secret);
    let result = rendering.deeper(|| rendering.templar.plugins().apply(rendering, plugin, input, arguments));
    let result = result.map_err(|fault| fault.in_plugin("filter", plugin.called()))?;
    match (secret, &result) {
        (true, Object::Native(_) | Object::Undefined(_) | Object::Omit) | (false, _) => Ok(result),
        (true, _) => Ok(Object::finished(&crate::python::to_value(rendering, &result)?.with_secret())),
    }
}

fn apply_builtin_filter(
    rendering: &Rendering<'_>,
    filter: &'static Filter,
    input: Object,
    arguments: Arguments,
) -> Result<Object, Fault> {
    if let (false, Some(undefined)) = (filter.takes_undefined, undefined_operand(&input, &arguments)) {
        return Ok(undefined);
    }
    let secret = input.as_text().is_some_and(kapell_parsing::Text::is_secret);
    let maybe_secret = input.is_container().then(|| input.clone());
    let result = rendering.deeper(|| {
        let secret_argument = arguments.objects().any(|o| o.as_text().is_some_and(kapell_parsing::Text::is_secret));
        let args = arguments.bind(filter.name, filter.parameters)?;
        let seen = rendering.secrets_seen();
        rendering.spend_text(&input)?;
        let result = (filter.run)(&FilterCall { rendering, input, args })?;
        rendering.spend_object(&result)?;
        let is_text = matches!(result, Object::Str(_));
        let read_secrets = is_text && rendering.secrets_seen() > seen;
        let held_secrets = || is_text && maybe_secret.is_some_and(|input| input.is_secret());
        let secret = secret || secret_argument || read_secrets || held_secrets();
        Ok(if secret { secret_result(result) } else { result })
    });
    result.map_err(|fault| fault.in_plugin("filter", &qualified(filter.name)))
}

/// A plugin's full name in messages.
fn qualified(name: &str) -> String {
    if name.contains('.') { name.to_owned() } else { format!("ansible.builtin.{name}") }
}

/// Marks what a filter made of a secret: a string, or the strings of a list.
fn secret_result(result: Object) -> Object {
    match result {
        Object::Str(_) => mark_secret(result),
        Object::Tuple(items) => Object::tuple(items.iter().cloned().map(secret_result).collect()),
        other => other,
    }
}

fn secret_from(receiver: &Object, result: Object) -> Object {
    if receiver.as_text().is_some_and(kapell_parsing::Text::is_secret) { secret_result(result) } else { result }
}

/// Applies the test `name`; nothing when there is no such test.
pub(crate) fn apply_test(
    rendering: &Rendering<'_>,
    name: &str,
    subject: &Object,
    arguments: Arguments,
) -> Option<Result<bool, Fault>> {
    let found = match find_test(rendering, name) {
        Ok(found) => found?,
        Err(fault) => return Some(Err(fault)),
    };
    let full_name = match &found {
        Plugin::Builtin(test) => qualified(test.name),
        Plugin::Python(plugin) => plugin.called().to_owned(),
    };
    let result = rendering.deeper(|| {
        if let (false, Object::Undefined(missing)) = (found.takes_undefined(), subject) {
            return Err(Fault::Undefined(missing.clone()));
        }
        match &found {
            Plugin::Builtin(test) => {
                let args = arguments.bind(test.name, test.parameters)?;
                rendering.spend_text(subject)?;
                (test.run)(&TestCall { rendering, subject, args })
            }
            Plugin::Python(plugin) => {
                rendering.templar.plugins().apply(rendering, plugin, subject, &arguments).map(|o| o.is_truthy())
            }
        }
    });
    Some(result.map_err(|fault| fault.in_plugin("test", &full_name)))
}

/// Calls a callable object.
pub(crate) fn call(rendering: &Rendering<'_>, callee: &Object, arguments: Arguments) -> Result<Object, Fault> {
    let result = match callee {
        Object::Native(native) => native.call(rendering, arguments),
        _ => None,
    };
    result.unwrap_or_else(|| Err(Fault::error(format!("'{}' object is not callable", callee.type_name()))))
}

impl FilterCall<'_> {
    /// Every item of the input. One that is undefined is an error in lists.
    pub(crate) fn items(&self) -> Result<Arc<Vec<Object>>, Fault> {
        let items = self.items_as_they_are()?;
        if let Object::List(_) = self.input {
            all_defined(items.iter())?;
        }
        Ok(items)
    }

    /// The same for those that only hand items on: some may be undefined.
    pub(crate) fn items_as_they_are(&self) -> Result<Arc<Vec<Object>>, Fault> {
        super::iterate(self.rendering, &self.input)
    }

    /// The input as text, as `str()` makes it.
    pub(crate) fn text(&self) -> Result<String, Fault> {
        match &self.input {
            Object::Str(text) => Ok(text.to_string()),
            other => crate::python::str(self.rendering, other),
        }
    }

    /// The input, which must be text; else the error `misfit` makes of the name of its type.
    pub(crate) fn only_text(&self, misfit: impl Fn(&str) -> String) -> Result<&str, Fault> {
        self.input.as_str().ok_or_else(|| Fault::error(misfit(self.input.type_name())))
    }

    /// The input as a path.
    pub(crate) fn path(&self) -> Result<&str, Fault> {
        self.only_text(crate::python::no_path)
    }

    /// The input as text for what works on bytes: bytes are read as UTF-8.
    pub(crate) fn encoded_text(&self) -> Result<String, Fault> {
        match self.input.native_as::<crate::python::Bytes>() {
            Some(bytes) => Ok(String::from_utf8_lossy(&bytes.0).into_owned()),
            None => self.text(),
        }
    }
}
