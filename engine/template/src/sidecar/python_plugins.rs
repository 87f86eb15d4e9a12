//! `PythonPlugins`: finds the user's filters, tests and lookups and runs them in the sidecar, one call at a time.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::ThreadId;

use kapell_parsing::{Map, Value};

use super::answers::Asked;
use super::collections::{QualifiedName, moved};
use super::plugin_files::{PluginFile, read_directory};
use super::process::Process;
use super::{Kind, PluginPaths, wire};
use crate::collection_runtime::CollectionRuntime;
use crate::evaluate::{Arguments, Fault, Rendering};
use crate::lookups::LookupCall;
use crate::object::Object;

pub(crate) struct PythonPlugin {
    kind: Kind,
    /// As the template calls it.
    called: String,
    /// As its file calls it.
    name: String,
    file: Arc<PluginFile>,
    /// Whether it wants to see undefined values.
    pub(crate) takes_undefined: bool,
}

/// A plugin that is searched for.
struct Wanted<'n> {
    kind: Kind,
    /// As the template calls it.
    called: &'n str,
    name: &'n str,
    /// Whether files that do not even mention it are asked, too.
    thorough: bool,
}

/// What a name leads to.
#[derive(Clone)]
pub(crate) enum Found {
    Python(Arc<PythonPlugin>),
    /// The same under another name.
    Redirect(String),
    Nothing,
}

pub(crate) struct PythonPlugins {
    paths: RwLock<PluginPaths>,
    found: RwLock<HashMap<(Kind, String), Found>>,
    files: Mutex<HashMap<Kind, Arc<Vec<Arc<PluginFile>>>>>,
    /// What each file has, once Python loaded it; nothing for a file that could not be loaded.
    listed: Mutex<HashMap<PathBuf, Arc<HashMap<String, bool>>>>,
    complained: Mutex<HashSet<PathBuf>>,
    /// Whether Python does not know all collections yet.
    paths_changed: AtomicBool,
    turn: Turn,
    process: Mutex<Option<Process>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PythonPlugins {
    pub(crate) fn new(paths: PluginPaths) -> Self {
        Self {
            paths: RwLock::new(paths),
            found: RwLock::default(),
            files: Mutex::default(),
            listed: Mutex::default(),
            complained: Mutex::default(),
            paths_changed: AtomicBool::new(false),
            turn: Turn::default(),
            process: Mutex::default(),
        }
    }

    /// Searches `root`, a playbook's or role's directory, too.
    pub(crate) fn add_root(&self, root: &Path) {
        let mut paths = self.paths.write().unwrap_or_else(PoisonError::into_inner);
        if paths.roots.iter().any(|known| known == root) {
            return;
        }
        paths.roots.push(root.to_owned());
        self.paths_changed.store(true, Ordering::Relaxed);
        held(&self.files).clear();
        self.found.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The user's plugin `name`, or where it went. `is_builtin`: whether there is one of ours by that name.
    pub(crate) fn find(
        &self,
        rendering: &Rendering<'_>,
        kind: Kind,
        name: &str,
        is_builtin: bool,
    ) -> Result<Found, Fault> {
        if name.starts_with("ansible.builtin.") || is_builtin && name.contains('.') {
            return Ok(Found::Nothing);
        }
        let key = (kind, name.to_owned());
        if let Some(found) = self.found.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(found.clone());
        }
        let found = match name.strip_prefix("ansible.legacy.").unwrap_or(name) {
            short if !short.contains('.') => self.find_short(rendering, kind, name, short, is_builtin)?,
            _ => self.find_qualified(rendering, kind, name)?,
        };
        self.found.write().unwrap_or_else(PoisonError::into_inner).insert(key, found.clone());
        Ok(found)
    }

    fn find_short(
        &self,
        rendering: &Rendering<'_>,
        kind: Kind,
        called: &str,
        name: &str,
        is_builtin: bool,
    ) -> Result<Found, Fault> {
        let files = self.short_files(kind);
        let wanted = Wanted { kind, called, name, thorough: !is_builtin };
        let found = self.find_in(rendering, &wanted, &files)?;
        Ok(match (found, moved(kind, name)) {
            (None, Some(target)) if !is_builtin => Found::Redirect(target.into()),
            (found, _) => found.map_or(Found::Nothing, Found::Python),
        })
    }

    fn short_files(&self, kind: Kind) -> Arc<Vec<Arc<PluginFile>>> {
        let mut known = held(&self.files);
        let paths = self.paths.read().unwrap_or_else(PoisonError::into_inner);
        let read = || paths.directories(kind).iter().flat_map(|dir| read_directory(dir, &|_| None)).collect();
        known.entry(kind).or_insert_with(|| Arc::new(read())).clone()
    }

    fn find_qualified(&self, rendering: &Rendering<'_>, kind: Kind, called: &str) -> Result<Found, Fault> {
        let parents = self.paths.read().unwrap_or_else(PoisonError::into_inner).collection_parents();
        let Some(name) = QualifiedName::parse(called) else { return Ok(Found::Nothing) };
        let Some(collection) = name.directory(&parents) else { return Ok(Found::Nothing) };
        let inner: Vec<&str> = name.folders.iter().copied().chain([name.name]).collect();
        let runtime = CollectionRuntime::read(&collection);
        let route = runtime.as_ref().map(|runtime| runtime.route(kind.name(), &inner.join("."))).unwrap_or_default();
        let notice = |level: &str, text: &str| {
            if let Some(surroundings) = &rendering.templar.options().surroundings {
                surroundings.notice(level, text);
            }
        };
        if let Some(mismatch) = runtime.and_then(|runtime| runtime.mismatch()) {
            notice("collection_mismatch", &mismatch);
        }
        if let Some(gone) = route.tombstone {
            let kind = kind.name();
            return Err(Fault::Worded(format!(
                "The {kind} plugin '{called}' failed to load: The '{called}' {kind} plugin has been removed. {gone}"
            )));
        }
        if let Some(going) = route.deprecation {
            let what = match kind {
                Kind::Filter => format!("Filter \"{called}\""),
                Kind::Test => format!("Test \"{called}\""),
                Kind::Lookup => called.to_owned(),
            };
            notice("deprecated", &format!("{what} has been deprecated. {going}"));
        }
        if let Some(target) = route.redirect {
            return Ok(Found::Redirect(target));
        }
        let dir = name.plugins(&collection, kind);
        let files = read_directory(&dir, &|path| Some(name.package(kind, path)));
        let wanted = Wanted { kind, called, name: name.name, thorough: true };
        let found = self.find_in(rendering, &wanted, &files)?;
        Ok(found.map_or(Found::Nothing, Found::Python))
    }

    /// Asks the files that mention the name first, and the others where nothing else is left.
    fn find_in(
        &self,
        rendering: &Rendering<'_>,
        wanted: &Wanted<'_>,
        files: &[Arc<PluginFile>],
    ) -> Result<Option<Arc<PythonPlugin>>, Fault> {
        let Wanted { kind, called, name, thorough } = *wanted;
        let plugin = |file: &Arc<PluginFile>, takes_undefined| {
            let file = file.clone();
            Some(Arc::new(PythonPlugin { kind, called: called.into(), name: name.into(), file, takes_undefined }))
        };
        if kind == Kind::Lookup {
            let file = files.iter().find(|file| file.path.file_stem().is_some_and(|stem| stem == name));
            return Ok(file.and_then(|file| plugin(file, file.mentions("accept_args_markers"))));
        }
        let (likely, others): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.mentions(name));
        let mut found = None;
        for file in likely.into_iter().chain(others.into_iter().filter(|_| thorough)) {
            let listed = self.listed(rendering, kind, file)?;
            if let (None, Some(takes_undefined)) = (&found, listed.get(name)) {
                found = plugin(file, *takes_undefined);
            }
            // All of a collection is loaded, so that the user hears of what is broken in it.
            if found.is_some() && file.package.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// The plugins in a file, with whether they want to see undefined values.
    fn listed(
        &self,
        rendering: &Rendering<'_>,
        kind: Kind,
        file: &Arc<PluginFile>,
    ) -> Result<Arc<HashMap<String, bool>>, Fault> {
        if let Some(names) = held(&self.listed).get(&file.path) {
            return Ok(names.clone());
        }
        let request = request("list", kind, file, []);
        let names = match self.request(rendering, None, &request) {
            Ok(Value::Map(plugins)) => plugins
                .iter()
                .map(|(name, about)| (name.to_string(), about.get("markers").is_some_and(Value::is_truthy)))
                .collect(),
            Ok(_) => HashMap::new(),
            Err(Fault::Error(why)) if held(&self.process).is_some() => {
                self.complain(rendering, kind, file, &why);
                HashMap::new()
            }
            Err(fault) => return Err(fault),
        };
        let names = Arc::new(names);
        held(&self.listed).insert(file.path.clone(), names.clone());
        Ok(names)
    }

    fn complain(&self, rendering: &Rendering<'_>, kind: Kind, file: &PluginFile, why: &str) {
        let first = held(&self.complained).insert(file.path.clone());
        if first && let Some(surroundings) = &rendering.templar.options().surroundings {
            let (kind, what) = (kind.name(), file.label());
            let message = format!("Skipping {kind} plugins in '{what}'; an error occurred while loading: {why}");
            surroundings.notice("warning", &message);
        }
    }

    /// Runs one request to its end, answering what Python asks meanwhile. `lookup` is the call it runs for, if any.
    pub(super) fn request(
        &self,
        rendering: &Rendering<'_>,
        lookup: Option<&LookupCall<'_>>,
        message: &Value,
    ) -> Result<Value, Fault> {
        let _turn = self.turn.take();
        self.start(rendering)?;
        self.with_process(|process| process.send(message))?;
        loop {
            let mut reply = self.with_process(Process::receive)?;
            if let Some(question) = reply.get("ask").and_then(Value::as_str) {
                let asked = Asked { rendering, lookup, scope: None, more: &reply };
                // The answer may need a plugin, which needs the process.
                let answer = asked.answer(question);
                self.with_process(|process| process.send(&answer))?;
                continue;
            }
            if let Some(result) = reply.shift_remove("result") {
                return Ok(result);
            }
            let why = reply.get("error").and_then(Value::as_str).unwrap_or_default();
            let trace = reply.get("trace").and_then(Value::as_str).unwrap_or_default();
            tracing::debug!("a plugin written in Python failed: {trace}");
            let undefined = reply.get("undefined").is_some_and(Value::is_truthy);
            return Err(if undefined { Fault::undefined(why) } else { Fault::error(why) });
        }
    }

    fn with_process<T>(&self, work: impl FnOnce(&mut Process) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut process = held(&self.process);
        match process.as_mut() {
            Some(running) => {
                let result = work(running);
                if result.is_err() {
                    *process = None;
                }
                result
            }
            None => Err(Fault::error("the Python process that runs plugins ended unexpectedly")),
        }
    }

    /// Starts Python unless it runs, and tells it where collections are.
    fn start(&self, rendering: &Rendering<'_>) -> Result<(), Fault> {
        let mut process = held(&self.process);
        let python = rendering.templar.options().python.as_deref().unwrap_or("python3");
        let is_new = process.is_none();
        if is_new {
            *process = Some(Process::start(python)?);
        }
        if let Some(running) = process.as_mut().filter(|_| self.paths_changed.swap(false, Ordering::Relaxed) || is_new)
        {
            running.send(&self.collections_request())?;
            running.receive()?;
        }
        Ok(())
    }

    /// Parents of `ansible_collections`, nearest first.
    pub(crate) fn collection_parents(&self) -> Vec<PathBuf> {
        self.paths.read().unwrap_or_else(PoisonError::into_inner).collection_parents()
    }

    /// The directories content runs from.
    pub(super) fn roots(&self) -> Vec<PathBuf> {
        self.paths.read().unwrap_or_else(PoisonError::into_inner).roots.clone()
    }

    fn collections_request(&self) -> Value {
        let parents = self.collection_parents();
        let parents = parents.iter().map(|path| path.to_string_lossy().into_owned().into()).collect();
        let fields = [("op", "configure".into()), ("collections", Value::list(parents))];
        Value::map(fields.map(|(name, value): (&str, Value)| (name.into(), value)).into_iter().collect())
    }

    /// Applies a filter; `call` for a test says what its truth is.
    pub(crate) fn apply(
        &self,
        rendering: &Rendering<'_>,
        plugin: &PythonPlugin,
        input: &Object,
        arguments: &Arguments,
    ) -> Result<Object, Fault> {
        let objects: Vec<Object> = std::iter::once(input).chain(&arguments.positional).cloned().collect();
        let args = wire::encode_all(rendering, &objects)?;
        let message =
            request("call", plugin.kind, &plugin.file, plugin.fields(args, named(rendering, &arguments.named)?));
        let caller = rendering.caller();
        let call = caller.as_ref().map(|(scope, locals)| {
            let (terms, options) = (Vec::new(), Vec::new());
            LookupCall { rendering, scope, locals: Some(locals.clone()), terms, options }
        });
        let result = self.request(rendering, call.as_ref(), &message)?;
        if plugin.kind == Kind::Filter {
            return Ok(wire::decode(&result));
        }
        if !result.get("boolean").is_some_and(Value::is_truthy)
            && let Some(surroundings) = &rendering.templar.options().surroundings
        {
            let kind = result.get("type").and_then(Value::as_str).unwrap_or_default();
            let called = &plugin.called;
            surroundings.notice("deprecated", &format!("The test plugin '{called}' returned a non-boolean result of type {kind}. Test plugins must have a boolean result."));
        }
        Ok(Object::Bool(result.get("truth").is_some_and(Value::is_truthy)))
    }

    pub(crate) fn look_up(&self, call: &LookupCall<'_>, plugin: &PythonPlugin) -> Result<Vec<Object>, Fault> {
        let args = wire::encode_all(call.rendering, &call.terms)?;
        let fields = plugin.fields(args, named(call.rendering, &call.options)?);
        let message = request("lookup", plugin.kind, &plugin.file, fields);
        let result = self.request(call.rendering, Some(call), &message)?;
        Ok(result.as_list().unwrap_or_default().iter().map(wire::decode).collect())
    }
}

impl PythonPlugin {
    pub(crate) fn called(&self) -> &str {
        &self.called
    }

    fn fields(&self, args: Value, kwargs: Value) -> [(&'static str, Value); 3] {
        [("name", self.name.as_str().into()), ("args", args), ("kwargs", kwargs)]
    }
}

fn named(rendering: &Rendering<'_>, arguments: &[(Arc<str>, Object)]) -> Result<Value, Fault> {
    let entry = |(name, object): &(Arc<str>, Object)| Ok(((&**name).into(), wire::encode(rendering, object)?));
    arguments.iter().map(entry).collect::<Result<Map, Fault>>().map(Value::map)
}

fn request(op: &str, kind: Kind, file: &PluginFile, more: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let package = file.package.as_deref().map_or(Value::Null, Value::from);
    let path = file.path.to_string_lossy().into_owned();
    let fields = [("op", op.into()), ("kind", kind.name().into()), ("file", path.into()), ("package", package)];
    Value::map(fields.into_iter().chain(more).map(|(name, value): (&str, Value)| (name.into(), value)).collect())
}

/// Whose turn it is to use the process. A thread that has it may take it again: a plugin's question can need a plugin.
#[derive(Default)]
struct Turn {
    taken: Mutex<Option<(ThreadId, usize)>>,
    freed: Condvar,
}

struct Taken<'t>(&'t Turn);

impl Turn {
    fn take(&self) -> Taken<'_> {
        let me = std::thread::current().id();
        let mut taken = held(&self.taken);
        loop {
            match *taken {
                None => *taken = Some((me, 1)),
                Some((owner, depth)) if owner == me => *taken = Some((me, depth + 1)),
                Some(_) => {
                    taken = self.freed.wait(taken).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
            }
            return Taken(self);
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut taken = held(&self.0.taken);
        *taken = taken.filter(|(_, depth)| *depth > 1).map(|(owner, depth)| (owner, depth - 1));
        if taken.is_none() {
            self.0.freed.notify_one();
        }
    }
}
