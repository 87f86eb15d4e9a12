//! `Templar`: the crate's door. Renders values, conditions, bare expressions and whole files.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use kapell_parsing::{Map, Origin, SourceFile, Text, Undefined, Value};

use crate::condition::UNTRUSTED;
use crate::dates::{DateTime, strftime};
use crate::evaluate::{
    Arguments, Fault, Interpreter, Locals, Rendering, TemplateFrame, concat, defined, piece_text, with_final_newlines,
};
use crate::object::Object;
use crate::programs::Programs;
use crate::scope::Scope;
use crate::sidecar::PythonPlugins;
use crate::syntax::{Extensions, Program};
use crate::{RenderContext, TemplarOptions, TemplateError, TextOptions, VariableSource, header, lookups, python};

const OMIT: &str = "__omit__";

/// The value of `omit`: asks for its map entry, list item or option to be left out.
pub fn omit() -> Value {
    Value::undefined(Some(OMIT), "an omitted value was used")
}

/// Whether `value`, a result of `Templar::render`, is `omit`.
pub fn is_omit(value: &Value) -> bool {
    matches!(value, Value::Undefined(undefined) if is_omit_marker(undefined))
}

pub(crate) fn is_omit_marker(undefined: &Undefined) -> bool {
    undefined.name.as_deref() == Some(OMIT)
}

/// Shared by all hosts of a run.
pub struct Templar {
    options: TemplarOptions,
    programs: Programs,
    plugins: PythonPlugins,
}

impl Templar {
    pub fn new(options: TemplarOptions) -> Self {
        let plugins = PythonPlugins::new(options.plugins.clone());
        let programs = Programs::new(Extensions::named(&options.jinja2_extensions));
        Self { options, programs, plugins }
    }

    pub fn options(&self) -> &TemplarOptions {
        &self.options
    }

    /// From now on plugins beside `root`, a playbook's or role's directory, are found by every template.
    pub fn add_plugin_root(&self, root: &Path) {
        self.plugins.add_root(root);
    }

    pub(crate) fn plugins(&self) -> &PythonPlugins {
        &self.plugins
    }

    pub(crate) fn programs(&self) -> &Programs {
        &self.programs
    }

    /// Templates every trusted string in `value`; a template that is one expression gives its native value. Strings a
    /// template made are untrusted. Entries and items that come out as `omit` are dropped; a whole value that is
    /// `omit` comes back as such (`is_omit`).
    pub fn render(
        &self,
        value: &Value,
        vars: &Arc<dyn VariableSource>,
        cx: &RenderContext,
    ) -> Result<Value, TemplateError> {
        if let Value::Str(text) = value
            && !text.is_template()
        {
            return Ok(value.clone());
        }
        let rendering = Rendering::new(self, cx);
        let result = rendering.resolve(value, &Scope::new(vars.clone())).and_then(|o| python::to_value(&rendering, &o));
        result.map_err(|fault| fault.at(value.origin().or(cx.origin.as_ref())))
    }

    /// Like `render`, with whatever is undefined shown as `expression_with_undefined_shown` does.
    pub fn render_with_undefined_shown(
        &self,
        value: &Value,
        vars: &Arc<dyn VariableSource>,
        cx: &RenderContext,
    ) -> Result<(Value, Vec<TemplateError>), TemplateError> {
        let rendering = Rendering::new(self, cx);
        rendering.show_undefined(0);
        let result = rendering.resolve(value, &Scope::new(vars.clone()));
        let result =
            result.and_then(|object| python::to_value(&rendering, &object)).or_else(|fault| rendering.show(fault));
        let value = result.map_err(|fault| fault.at(value.origin().or(cx.origin.as_ref())))?;
        Ok((value, rendering.shown_errors()))
    }

    /// The native value of an expression without delimiters.
    pub fn expression(
        &self,
        expression: &Text,
        vars: &Arc<dyn VariableSource>,
        cx: &RenderContext,
    ) -> Result<Value, TemplateError> {
        let origin = expression.origin().or(cx.origin.as_ref());
        let program = self.expression_program(expression, origin)?;
        let rendering = Rendering::new(self, cx);
        let scope = Scope::new(vars.clone());
        let object = evaluate(&rendering, program, &scope, expression, false);
        object.and_then(|object| python::to_value(&rendering, &object)).map_err(|fault| fault.at(origin))
    }

    fn expression_program(&self, expression: &Text, origin: Option<&Origin>) -> Result<Arc<Program>, TemplateError> {
        if !expression.is_trusted() {
            return Err(TemplateError::Failed { message: UNTRUSTED.into(), origin: origin.cloned() });
        }
        self.programs.expression(expression).map_err(|error| error.in_expression(expression, origin))
    }

    /// Like `expression`, for showing to the user: whatever in the value is undefined is replaced by a text that says
    /// so. Also gives these errors, in the order of their numbers in the texts, which go on after `shown_before`. Other
    /// errors are errors.
    pub fn expression_with_undefined_shown(
        &self,
        expression: &Text,
        shown_before: usize,
        vars: &Arc<dyn VariableSource>,
        cx: &RenderContext,
    ) -> Result<(Value, Vec<TemplateError>), TemplateError> {
        let rendering = Rendering::new(self, cx);
        rendering.show_undefined(shown_before);
        let scope = Scope::new(vars.clone());
        let origin = expression.origin().or(cx.origin.as_ref());
        let program = self.expression_program(expression, origin)?;
        let object = evaluate(&rendering, program, &scope, expression, false);
        let value =
            object.and_then(|object| python::to_value(&rendering, &object)).or_else(|fault| rendering.show(fault));
        let value = value.map_err(|fault| fault.at(origin))?;
        Ok((value, rendering.shown_errors()))
    }

    /// A template file's text. A `#jinja2: option:value` first line overrides `options`.
    pub fn render_text(
        &self,
        source: &Arc<SourceFile>,
        options: &TextOptions,
        vars: &Arc<dyn VariableSource>,
        cx: &RenderContext,
    ) -> Result<String, TemplateError> {
        let rendering = Rendering::new(self, cx);
        let scope = Scope::new(vars.clone());
        let object = self.render_file(&rendering, source, options, &scope, Locals::root());
        object.and_then(|object| piece_text(&rendering, &object)).map_err(|fault| fault.at(cx.origin.as_ref()))
    }

    pub(crate) fn render_file(
        &self,
        rendering: &Rendering<'_>,
        source: &Arc<SourceFile>,
        options: &TextOptions,
        scope: &Arc<Scope>,
        locals: Arc<Locals>,
    ) -> Result<Object, Fault> {
        if !header::is_written(&source.text) && !options.may_open(&source.text) {
            return Ok(Object::from(&*source.text));
        }
        let (source, options) = header::apply(source, options).map_err(|message| {
            let message = format!("Syntax error in template: {message}");
            Fault::from(TemplateError::Syntax { message, origin: Some(Origin::new(source.clone(), 1, 1)) })
        })?;
        let program = self.programs.file(&source, &options).map_err(|error| error.in_file(&source))?;
        let newline = options.newline_sequence.clone();
        let outer = rendering.set_text_options(options);
        let text = source.text.clone();
        let frame = TemplateFrame::file(program, scope.clone(), source);
        let mut interpreter = Interpreter::new(rendering, frame.into(), locals);
        interpreter.streams = Some(false);
        let result = rendering.deeper(|| interpreter.run_body());
        rendering.set_text_options(outer);
        result?;
        Ok(with_final_newlines(concat(rendering, interpreter.output)?, &text, &newline))
    }

    /// What `ansible_managed` stands for in a template file: the setting with its `strftime` marks filled in with the
    /// file's time and its `{host}`, `{uid}` and `{file}` as templates of the variables of that name.
    pub fn managed_text(&self, setting: &str, modified: SystemTime, cx: &RenderContext) -> Result<Text, TemplateError> {
        let seconds = modified.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        let dated =
            DateTime::from_epoch(seconds, false).map_or_else(|| setting.to_owned(), |at| strftime(&at, setting));
        let named = [("host", "{{ template_host }}"), ("uid", "{{ template_uid }}"), ("file", "{{ template_path }}")];
        let named = named.map(|(name, text)| (Arc::from(name), Object::from(text))).to_vec();
        let arguments = Arguments { positional: Vec::new(), named };
        let text = python::brace_format(&Rendering::new(self, cx), &dated, &arguments);
        text.map(|text| Text::trusted(text, None)).map_err(|fault| fault.at(cx.origin.as_ref()))
    }

    /// A lookup plugin's results, as `with_NAME` wants them. `terms` and `kwargs` are templated first.
    pub fn lookup(
        &self,
        name: &str,
        terms: &[Value],
        kwargs: &Map,
        vars: &Arc<dyn VariableSource>,
        cx: &RenderContext,
    ) -> Result<Vec<Value>, TemplateError> {
        let rendering = Rendering::new(self, cx);
        let scope = Scope::new(vars.clone());
        let run = || -> Result<Vec<Value>, Fault> {
            // It passes over terms made of something undefined.
            let takes_undefined = name.ends_with("first_found");
            let positional: Result<Vec<Object>, Fault> = (terms.iter())
                .map(|term| rendering.resolve(term, &scope))
                .map(|term| if takes_undefined { term } else { defined(term?) })
                .collect();
            let named: Result<Vec<_>, Fault> = kwargs
                .iter()
                .map(|(key, value)| Ok((Arc::from(key.to_string()), rendering.resolve(value, &scope)?)))
                .collect();
            let arguments = Arguments { positional: positional?, named: named? };
            let found = lookups::run(&rendering, &scope, name, arguments)?;
            found.iter().map(|object| python::to_value(&rendering, object)).collect()
        };
        run().map_err(|fault| fault.at(cx.origin.as_ref()))
    }
}

/// The value of an expression; `embedded` says whether string constants in it may be templates.
pub(crate) fn evaluate(
    rendering: &Rendering<'_>,
    program: Arc<Program>,
    scope: &Arc<Scope>,
    expression: &Text,
    embedded: bool,
) -> Result<Object, Fault> {
    let mut frame = TemplateFrame::inline(program, scope.clone(), expression.origin().cloned());
    frame.kind = "expression";
    frame.embedded = embedded;
    let result = rendering.deeper(|| Interpreter::new(rendering, frame.into(), Locals::root()).run());
    result.map_err(|fault| match fault {
        Fault::Error(message) => Fault::Worded(format!("Error rendering expression: {message}")),
        other => other,
    })
}
