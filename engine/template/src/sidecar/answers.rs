//! What Python plugins ask while they run: variables, files, templates, other plugins, settings.

use std::path::PathBuf;
use std::sync::Arc;

use kapell_parsing::yaml::{LoadOptions, load};
use kapell_parsing::{Map, SourceFile, Text, Trust, Value, VaultSecrets};

use super::seam::{PluginFrames, raw_variable};
use super::wire;
use crate::evaluate::{Arguments, Fault, Rendering, apply_filter, apply_test, defined, has_filter, has_test, item};
use crate::lookups::{self, LookupCall};
use crate::object::Object;
use crate::scope::Scope;
use crate::{Variable, VariableSource};

/// One question, with the call it is asked in.
pub(super) struct Asked<'a> {
    pub(super) rendering: &'a Rendering<'a>,
    /// Filters and tests are called like a lookup without terms; absent where Python only loads them.
    pub(super) lookup: Option<&'a LookupCall<'a>>,
    /// The variables of a plugin that is neither filter, test nor lookup. It says itself what is a template.
    pub(super) scope: Option<&'a Arc<Scope>>,
    pub(super) more: &'a Map,
}

impl Asked<'_> {
    /// The frame to send back.
    pub(super) fn answer(&self, question: &str) -> Value {
        let field = |name: &str, value: Value| (name.into(), value);
        let fields: Map = match self.found(question) {
            Ok(value) => Map::from_iter([field("answer", value)]),
            Err(Fault::Undefined(missing)) if missing.failed.is_none() => {
                Map::from_iter([field("fault", missing.reason.as_str().into()), field("undefined", true.into())])
            }
            Err(fault) => Map::from_iter([field("fault", fault.at(None).to_string().into())]),
        };
        Value::map(fields)
    }

    fn found(&self, question: &str) -> Result<Value, Fault> {
        match question {
            "variable" => self.variable(),
            "raw_variable" => {
                let path = self.more.get("path").and_then(Value::as_list).unwrap_or_default();
                Ok(raw_variable(&self.scope().source, path))
            }
            "has_variable" => Ok(self.has_variable().into()),
            "variable_names" => {
                let own = self.lookup.and_then(|call| call.locals.as_ref()).map(|locals| locals.names());
                let own: std::collections::BTreeSet<Arc<str>> = own.into_iter().flatten().collect();
                let others = self.scope().source.names();
                let others = others.iter().map(Text::as_str).filter(|name| !own.contains(*name));
                Ok(Value::list(own.iter().map(|name| &**name).chain(others).map(Value::from).collect()))
            }
            "template" => self.template(),
            "filter" => self.filter(),
            "test" => self.test(),
            "has_filter" => Ok(has_filter(self.rendering, &self.text("name"))?.into()),
            "has_test" => Ok(has_test(self.rendering, &self.text("name"))?.into()),
            "lookup" => self.look_up(),
            "has_lookup" => Ok(lookups::find(&self.text("name")).is_some().into()),
            "find_file" => Ok(self.find_file()),
            "read" => self.with_call(|call| Ok(call.read_text(&PathBuf::from(self.text("path")))?.0.into())),
            "real_file" => Ok(self.text("path").into()),
            "basedir" => Ok(self.rendering.cx.basedir.to_string_lossy().into_owned().into()),
            "yaml" => self.yaml(),
            _ => Ok(self.of_surroundings(question)),
        }
    }

    fn text(&self, name: &str) -> String {
        self.more.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn scope(&self) -> Arc<Scope> {
        match (self.lookup, self.scope) {
            (Some(call), _) => call.scope.clone(),
            (None, Some(scope)) => scope.clone(),
            (None, None) => Scope::new(Arc::new(Map::new())),
        }
    }

    fn with_call<T>(&self, work: impl FnOnce(&LookupCall<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        match self.lookup {
            Some(call) => work(call),
            None => {
                let scope = self.scope();
                let (terms, options) = (Vec::new(), Vec::new());
                work(&LookupCall { rendering: self.rendering, scope: &scope, locals: None, terms, options })
            }
        }
    }

    fn local(&self, name: &str) -> Option<Object> {
        self.lookup.and_then(|call| call.locals.as_ref()).and_then(|locals| locals.get(name))
    }

    fn has_variable(&self) -> bool {
        let name = self.text("name");
        self.local(&name).is_some() || self.scope().source.get(&name).is_some()
    }

    /// A list of the value at `path`, or an empty one. Of maps that are made on demand (`hostvars`) the names come.
    fn variable(&self) -> Result<Value, Fault> {
        let path = self.more.get("path").and_then(Value::as_list).unwrap_or_default();
        let mut path = path.iter().map(Value::to_string);
        let name = path.next().unwrap_or_else(|| self.text("name"));
        let mut value = match self.local(&name) {
            Some(local) => Some(local),
            None => self.rendering.variable(&self.scope(), &name)?,
        };
        for key in path {
            let Some(found) = value else { break };
            value = item(self.rendering, &defined(found)?, &key.into())?;
        }
        Ok(Value::list(match value {
            None => Vec::new(),
            Some(Object::Variables(variables)) => vec![wire::lazy(variables.names())],
            Some(value) => vec![wire::encode(self.rendering, &defined(value)?)?],
        }))
    }

    fn template(&self) -> Result<Value, Fault> {
        let value = self.source(self.more.get("value").unwrap_or(&Value::Null));
        let own = |name: &str| self.more.get(name).filter(|own| own.as_map().is_some());
        let own_map = |own: &Value| self.source(own).as_map().cloned().unwrap_or_default();
        let scope = match (own("variables"), own("more_variables")) {
            (Some(all), _) => Scope::new(Arc::new(own_map(all))),
            (None, Some(more)) => {
                Scope::new(Arc::new(Overlaid { more: own_map(more), below: self.scope().source.clone() }))
            }
            (None, None) => self.scope(),
        };
        let rendered = defined(self.rendering.resolve(&value, &scope)?)?;
        wire::encode(self.rendering, &rendered)
    }

    /// What a plugin wants to have templated.
    fn source(&self, wire: &Value) -> Value {
        match self.scope {
            Some(_) => PluginFrames::decode(wire),
            None => wire.map_strings(&|text: &Text| text.with_trust(Trust::Trusted)),
        }
    }

    fn arguments(&self) -> Arguments {
        let positional = self.more.get("args").and_then(Value::as_list).unwrap_or_default();
        let named = self.more.get("kwargs").and_then(Value::as_map);
        let named = named.into_iter().flatten().map(|(name, value)| (Arc::from(name.to_string()), wire::decode(value)));
        Arguments { positional: positional.iter().map(wire::decode).collect(), named: named.collect() }
    }

    fn filter(&self) -> Result<Value, Fault> {
        let mut arguments = self.arguments();
        let name = self.text("name");
        if arguments.positional.is_empty() {
            return Err(Fault::error(format!("{name}() missing 1 required positional argument")));
        }
        let input = arguments.positional.remove(0);
        let result = apply_filter(self.rendering, &name, input, arguments)
            .unwrap_or_else(|| Err(Fault::error(format!("No filter named '{name}'."))));
        wire::encode(self.rendering, &result?)
    }

    fn test(&self) -> Result<Value, Fault> {
        let mut arguments = self.arguments();
        let name = self.text("name");
        if arguments.positional.is_empty() {
            return Err(Fault::error(format!("{name}() missing 1 required positional argument")));
        }
        let subject = arguments.positional.remove(0);
        let result = apply_test(self.rendering, &name, &subject, arguments);
        Ok(result.unwrap_or_else(|| Err(Fault::error(format!("No test named '{name}'."))))?.into())
    }

    fn look_up(&self) -> Result<Value, Fault> {
        let found = lookups::run(self.rendering, &self.scope(), &self.text("name"), self.arguments())?;
        wire::encode_all(self.rendering, &found)
    }

    fn find_file(&self) -> Value {
        let (dir, name) = (self.text("dirname"), self.text("name"));
        let given = self.more.get("paths").and_then(Value::as_list).unwrap_or_default();
        let given = given.iter().filter_map(Value::as_str).map(PathBuf::from);
        let in_given =
            given.flat_map(|path| [path.join(&dir).join(&name), path.join(&name)]).find(|path| path.exists());
        let found = in_given.or_else(|| self.with_call(|call| Ok(call.find_file(&dir, &name))).unwrap_or_default());
        found.map_or(Value::Null, |path| path.to_string_lossy().into_owned().into())
    }

    fn yaml(&self) -> Result<Value, Fault> {
        let secrets = VaultSecrets::default();
        let options = LoadOptions { trust: Trust::Untrusted, vault: &secrets };
        let source = SourceFile::new("<plugin>", self.text("text"));
        let loaded = load(&source, &options, &mut Vec::new()).map_err(|error| Fault::error(error.message))?;
        wire::encode(self.rendering, &Object::finished(&loaded))
    }

    /// Settings and messages; nothing where nobody listens.
    fn of_surroundings(&self, question: &str) -> Value {
        let Some(surroundings) = &self.rendering.templar.options().surroundings else {
            return Value::Null;
        };
        match question {
            "setting" => Value::list(surroundings.setting(&self.text("name")).into_iter().collect()),
            "ini" => surroundings.ini(&self.text("section"), &self.text("key")).map_or(Value::Null, Value::from),
            "config_file" => surroundings.config_file().map_or(Value::Null, Value::from),
            "notice" => {
                surroundings.notice(&self.text("level"), &PluginFrames::notice_text(self.more));
                Value::Null
            }
            _ => Value::Null,
        }
    }
}

/// Variables with some of a plugin's own on top.
struct Overlaid {
    more: Map,
    below: Arc<dyn VariableSource>,
}

impl VariableSource for Overlaid {
    fn get(&self, name: &str) -> Option<Variable> {
        self.more.get(name).cloned().map(Variable::Value).or_else(|| self.below.get(name))
    }

    fn names(&self) -> Vec<Text> {
        let mut names = self.below.names();
        names.extend(VariableSource::names(&self.more).into_iter().filter(|name| self.below.get(name).is_none()));
        names
    }
}
