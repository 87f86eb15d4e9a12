//! Templates made of templates: `include`, `import`, `extends`, blocks.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kapell_parsing::{Map, SourceFile};

use super::fault::defined;
use super::{Fault, Interpreter, Locals, Rendering, TemplateFrame, concat, iterate, piece_text};
use crate::RenderContext;
use crate::object::{Native, Object};
use crate::scope::Scope;
use crate::syntax::{Expr, Program, Stmt};

/// Bodies of each block, the most derived template's first.
pub(crate) struct Blocks(Mutex<HashMap<Arc<str>, Vec<Body>>>);

type Body = Arc<Vec<Stmt>>;

impl Blocks {
    pub(crate) fn of(program: &Program) -> Self {
        let bodies = program.blocks.iter().map(|(name, body)| (name.clone(), vec![body.clone()]));
        Self(Mutex::new(bodies.collect()))
    }

    fn add_parent(&self, program: &Program) {
        let mut bodies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, body) in &program.blocks {
            bodies.entry(name.clone()).or_default().push(body.clone());
        }
    }

    fn body(&self, name: &str, level: usize) -> Option<Arc<Vec<Stmt>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name)?.get(level).cloned()
    }
}

/// What `import` binds: the names a template's top level set, and what it printed.
pub(super) struct Module {
    locals: Arc<Locals>,
    path: PathBuf,
    output: Vec<Object>,
}

impl Native for Module {
    fn type_name(&self) -> &'static str {
        "TemplateModule"
    }

    fn repr(&self) -> String {
        format!("<TemplateModule '{}'>", self.path.display())
    }

    fn printed(&self, rendering: &Rendering<'_>) -> Option<Result<String, Fault>> {
        let text = concat(rendering, self.output.clone());
        Some(text.and_then(|text| piece_text(rendering, &text)))
    }

    fn attribute(&self, name: &str) -> Option<Object> {
        self.locals.get(name)
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl Interpreter<'_> {
    pub(crate) fn compose(&mut self, stmt: &Stmt) -> Result<(), Fault> {
        match stmt {
            Stmt::Block { name, required } => self.block(name, *required),
            Stmt::Extends { name, line } => {
                self.line.set(*line);
                self.extend(name)
            }
            Stmt::Include { name, ignore_missing, with_context, line } => {
                self.line.set(*line);
                self.include(name, *ignore_missing, *with_context)
            }
            Stmt::Import { name, target, with_context, line } => {
                self.line.set(*line);
                let module = self.import(name, *with_context)?;
                self.assign(target, Object::native(module))
            }
            Stmt::FromImport { name, names, with_context, line } => {
                self.line.set(*line);
                self.import_names(&self.import(name, *with_context)?, names);
                Ok(())
            }
            other => Err(Fault::error(format!("unsupported statement {other:?}"))),
        }
    }

    fn block(&mut self, name: &Arc<str>, required: bool) -> Result<(), Fault> {
        if self.parent.is_some() {
            return Ok(());
        }
        if required && self.frame.blocks.body(name, 1).is_none() && self.frame.program.blocks.contains_key(name) {
            return Err(Fault::error(format!("Required block '{name}' not found")));
        }
        self.block_level(name, 0)
    }

    fn block_level(&mut self, name: &Arc<str>, level: usize) -> Result<(), Fault> {
        let Some(body) = self.frame.blocks.body(name, level) else {
            return Err(Fault::undefined(format!("there is no parent block called '{name}'.")));
        };
        let outer = self.block.replace((name.clone(), level));
        let rendering = self.rendering;
        let result = rendering.deeper(|| self.in_child(|this| this.statements(&body)));
        self.block = outer;
        result.map(|_| ())
    }

    /// A block's output as a value: `self.name()`.
    pub(crate) fn self_block(&self, name: &Arc<str>) -> Result<Object, Fault> {
        self.block_value(name, 0)
    }

    pub(crate) fn super_block(&self) -> Result<Object, Fault> {
        match &self.block {
            Some((name, level)) => self.block_value(name, level + 1),
            None => Err(Fault::error("super() used outside of a block")),
        }
    }

    fn block_value(&self, name: &Arc<str>, level: usize) -> Result<Object, Fault> {
        let mut inner = Interpreter::new(self.rendering, self.frame.clone(), self.locals.clone());
        inner.block_level(name, level)?;
        concat(self.rendering, inner.output)
    }

    fn extend(&mut self, name: &Expr) -> Result<(), Fault> {
        if self.parent.is_some() {
            return Err(Fault::error("extended multiple times"));
        }
        let name = defined(self.eval(name)?)?;
        let (file, program) = self.load(&name)?;
        self.frame.blocks.add_parent(&program);
        self.parent = Some(Arc::new(TemplateFrame {
            program,
            scope: self.frame.scope.clone(),
            origin: None,
            file: Some(file),
            kind: "template",
            embedded: false,
            blocks: self.frame.blocks.clone(),
        }));
        Ok(())
    }

    /// After a template that extends another ran: its own output gives way to its parent's.
    pub(crate) fn run_parents(&mut self) -> Result<(), Fault> {
        let Some(frame) = self.parent.take() else {
            return Ok(());
        };
        self.output.clear();
        let mut parent = Interpreter::new(self.rendering, frame, self.locals.clone());
        parent.streams = self.streams;
        self.rendering.deeper(|| parent.run_body())?;
        self.output = parent.output;
        Ok(())
    }

    /// The variables and names a template sees that is taken `with context`, or without.
    fn context(&self, with_context: bool) -> (Arc<Scope>, Arc<Locals>) {
        if with_context {
            return (self.frame.scope.clone(), Locals::child(&self.locals));
        }
        (Scope::new(Arc::new(Map::new())), Locals::root())
    }

    fn include(&mut self, name: &Expr, ignore_missing: bool, with_context: bool) -> Result<(), Fault> {
        let names = defined(self.eval(name)?)?;
        let candidates = match &names {
            Object::List(_) | Object::Tuple(_) => iterate(self.rendering, &names)?,
            single => Arc::new(vec![single.clone()]),
        };
        for candidate in candidates.iter() {
            match self.load(candidate) {
                Ok((file, program)) => return self.included(file, program, with_context),
                Err(Fault::Error(_)) if candidates.len() > 1 || ignore_missing => {}
                Err(fault) => return Err(fault),
            }
        }
        if ignore_missing {
            return Ok(());
        }
        let tried: Vec<&str> = candidates.iter().filter_map(Object::as_str).collect();
        Err(Fault::error(format!("none of the templates given were found: {}", tried.join(", "))))
    }

    fn included(&mut self, file: Arc<SourceFile>, program: Arc<Program>, with_context: bool) -> Result<(), Fault> {
        let (scope, locals) = self.context(with_context);
        let frame = TemplateFrame::file(program, scope, file);
        let mut inner = Interpreter::new(self.rendering, frame.into(), locals);
        inner.streams = self.streams.map(|before| before || !self.output.is_empty());
        self.rendering.deeper(|| inner.run_body())?;
        self.output.append(&mut inner.output);
        Ok(())
    }

    fn import(&self, name: &Expr, with_context: bool) -> Result<Module, Fault> {
        let name = defined(self.eval(name)?)?;
        let (file, program) = self.load(&name)?;
        let path = file.path.clone();
        let (scope, locals) = self.context(with_context);
        let frame = TemplateFrame::file(program, scope, file);
        let mut inner = Interpreter::new(self.rendering, frame.into(), locals.clone());
        self.rendering.deeper(|| inner.run_body())?;
        Ok(Module { locals, path, output: inner.output })
    }

    fn import_names(&self, module: &Module, names: &[(Arc<str>, Arc<str>)]) {
        for (name, alias) in names {
            let object = module.attribute(name).unwrap_or_else(|| {
                let path = module.path.display();
                self.missing(Some(name), format!("the template '{path}' does not export the requested name '{name}'"))
            });
            self.locals.set(alias, object);
        }
    }

    /// The template file called `name`, compiled.
    fn load(&self, name: &Object) -> Result<(Arc<SourceFile>, Arc<Program>), Fault> {
        let Some(name) = name.as_str() else {
            return Err(Fault::error("template name must be a string"));
        };
        let own_dir = self.frame.file.as_ref().and_then(|file| file.path.parent());
        let Some(path) = find_template(self.rendering.cx, own_dir, name) else {
            return Err(not_found(self.rendering.cx, own_dir, name));
        };
        let text = fs_err::read_to_string(&path)?;
        let file = SourceFile::new(path, text);
        let program = self
            .rendering
            .templar
            .programs()
            .file(&file, &self.rendering.text_options())
            .map_err(|error| Fault::from(error.in_file(&file)))?;
        Ok((file, program))
    }
}

fn not_found(cx: &RenderContext, own_dir: Option<&Path>, name: &str) -> Fault {
    let mut dirs: Vec<PathBuf> =
        own_dir.filter(|dir| !dir.as_os_str().is_empty()).into_iter().map(Into::into).collect();
    for dir in cx.search_path.iter().map(PathBuf::as_path).chain([cx.basedir.as_path()]) {
        for dir in [dir.join("templates"), dir.to_owned()] {
            if !dirs.contains(&dir) {
                dirs.push(dir);
            }
        }
    }
    let shown: Vec<String> = dirs.iter().map(|dir| format!("'{}'", dir.display())).collect();
    let paths = if shown.len() == 1 { "path" } else { "paths" };
    Fault::error(format!("'{name}' not found in search {paths}: {}", shown.join(", ")))
}

/// Where a template called `name` is: beside the one that asks, or in the search path.
pub(crate) fn find_template(cx: &RenderContext, own_dir: Option<&Path>, name: &str) -> Option<PathBuf> {
    let name = Path::new(name);
    let dirs = own_dir.into_iter().chain(cx.search_path.iter().map(PathBuf::as_path));
    let dirs = dirs.chain(std::iter::once(cx.basedir.as_path()));
    dirs.flat_map(|dir| [dir.join("templates").join(name), dir.join(name)]).find(|path| path.is_file())
}
