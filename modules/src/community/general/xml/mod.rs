//! `community.general.xml`: parts of XML files, found with XPath.

mod children;
mod document;
mod parsing;
mod spawning;
mod writing;
mod xpath;

use serde_json::{Value, json};

use self::document::{Document, Id, Kind, Name, TOP};
use self::parsing::{Reading, parse, parse_bytes};
use self::spawning::spawn;
use self::xpath::{Evaluation, Found, Value as Selection, XpathError};
use crate::python_repr::str_of;
use crate::{
    Arg, ArgKind, Args, Constraint, Content, Context, Diff, Map, Module, ModuleError, ModuleResult, WriteOptions,
};

pub(crate) static MODULE: Module = Module::new("community.general.xml", ARGS, run)
    .constraints(&[
        Constraint::RequiredBy("add_children", &["xpath"]),
        Constraint::RequiredBy("attribute", &["value"]),
        Constraint::RequiredBy("set_children", &["xpath"]),
        Constraint::RequiredBy("value", &["xpath"]),
        Constraint::RequiredIf("content", "attribute", &["xpath"]),
        Constraint::RequiredIf("content", "text", &["xpath"]),
        Constraint::RequiredIf("count", "True", &["xpath"]),
        Constraint::RequiredIf("print_match", "True", &["xpath"]),
        Constraint::RequiredIf("insertbefore", "True", &["xpath"]),
        Constraint::RequiredIf("insertafter", "True", &["xpath"]),
        Constraint::RequiredOneOf(&["path", "xmlstring"]),
        Constraint::MutuallyExclusive(&["add_children", "content", "count", "print_match", "set_children", "value"]),
        Constraint::MutuallyExclusive(&["path", "xmlstring"]),
        Constraint::MutuallyExclusive(&["insertbefore", "insertafter"]),
    ])
    .diff();

const ARGS: &[Arg] = &[
    Arg::path("path").alias(&["dest", "file"]),
    Arg::str("xmlstring"),
    Arg::str("xpath"),
    Arg::dict("namespaces").default("{}"),
    Arg::str("state").default("present").alias(&["ensure"]).choices(&["absent", "present"]),
    Arg::raw("attribute"),
    Arg::raw("value"),
    Arg::list_of("add_children", &ArgKind::Raw),
    Arg::list_of("set_children", &ArgKind::Raw),
    Arg::bool("count").default("false"),
    Arg::bool("print_match").default("false"),
    Arg::bool("pretty_print").default("false"),
    Arg::str("content").choices(&["attribute", "text"]),
    Arg::str("input_type").default("yaml").choices(&["xml", "yaml"]),
    Arg::bool("backup").default("false"),
    Arg::bool("strip_cdata_tags").default("false"),
    Arg::bool("insertbefore").default("false"),
    Arg::bool("insertafter").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let reading = Reading { without_blanks: args.bool("pretty_print"), without_cdata: args.bool("strip_cdata_tags") };
    let source = source(args, cx)?;
    let document = match args.opt_str("path") {
        Some(path) => parse_bytes(&source, reading)
            .map_err(|why| ModuleError::failed(format!("Error while parsing document: {path} ({why})")))?,
        None => parse(&String::from_utf8_lossy(&source), reading)
            .map_err(|why| ModuleError::failed(format!("Error while parsing document: xmlstring ({why})")))?,
    };
    let mut task = Task::new(args, document.clone());
    let Some(xpath) = args.opt_str("xpath") else { return laid_out(args, &source, &document, cx) };
    judge(xpath)?;
    if args.bool("count") {
        let count = task.select(xpath)?.len();
        return task.finish(false, cx, |result| result.set("count", count).msg(format!("found {count} nodes")));
    }
    if args.bool("print_match") {
        let paths: Vec<String> = task.select(xpath)?.into_iter().map(|found| path_of(&task.document, found)).collect();
        let paths = Value::from(paths).to_string().replace("\",\"", "\", \"");
        let msg = format!("selector '{xpath}' match: {paths}");
        return task.finish(false, cx, |result| result.set("matches", json!([])).msg(msg));
    }
    if let Some(what) = args.opt_str("content") {
        let matches = task.contents(xpath, what)?;
        let count = matches.len();
        return task.finish(false, cx, |result| result.set("count", count).set("matches", matches).set("msg", count));
    }
    let changed = if args.str("state")? == "absent" {
        task.remove(xpath)?
    } else if args.has("set_children") {
        task.set_children(xpath)?
    } else if args.has("add_children") {
        task.add_children(xpath)?
    } else if args.bool("insertbefore") || args.bool("insertafter") {
        false
    } else if args.has("value") || args.has("attribute") {
        task.set_value(xpath)?
    } else {
        task.ensure(xpath)?
    };
    task.finish(changed, cx, |result| result)
}

/// Refuses an expression that is none before anything is done with it.
fn judge(xpath: &str) -> Result<(), ModuleError> {
    let wrong = |error: XpathError| ModuleError::failed(format!("Syntax error in xpath expression: {xpath} ({error})"));
    xpath::parse(xpath).map(drop).map_err(wrong)
}

fn source(args: &Args, cx: &Context<'_>) -> Result<Vec<u8>, ModuleError> {
    if let Some(text) = args.opt_str("xmlstring") {
        return Ok(text.as_bytes().to_vec());
    }
    let path = args.str("path")?;
    let missing = || ModuleError::failed(format!("The target XML source '{path}' does not exist."));
    if !cx.stat(path)?.is_some_and(|found| found.is_file()) {
        return Err(missing());
    }
    cx.read(path)?.ok_or_else(missing)
}

/// Without an expression, only the layout can change.
fn laid_out(
    args: &Args,
    source: &[u8],
    document: &Document,
    cx: &mut Context<'_>,
) -> Result<ModuleResult, ModuleError> {
    let mut result = ModuleResult::ok();
    let text = writing::text(document, args.bool("pretty_print"));
    if args.bool("pretty_print") && text.as_bytes() != source {
        result = result.changed(true).set_opt("backup_file", write(args, &text, cx)?);
    }
    Ok(if args.has("xmlstring") { result.set("xmlstring", text) } else { result })
}

/// Writes the file, where there is one; returns the path of its backup.
fn write(args: &Args, text: &str, cx: &mut Context<'_>) -> Result<Option<String>, ModuleError> {
    let Some(path) = args.opt_path("path") else { return Ok(None) };
    let options = WriteOptions { backup: args.bool("backup"), ..WriteOptions::default() };
    cx.write_file(&path, Content::Bytes(text.as_bytes()), &options)
}

struct Task<'a> {
    args: &'a Args,
    before: Document,
    document: Document,
    namespaces: Vec<(String, String)>,
}

impl<'a> Task<'a> {
    fn new(args: &'a Args, document: Document) -> Self {
        let namespaces = args.dict("namespaces").into_iter().flatten();
        let namespaces = namespaces.map(|(prefix, uri)| (prefix.clone(), str_of(uri))).collect();
        Self { args, before: document.clone(), document, namespaces }
    }

    fn evaluated(&self, xpath: &str) -> Result<Vec<Found>, XpathError> {
        let expression = xpath::parse(xpath)?;
        match Evaluation::new(&self.document, &self.namespaces).value(&expression)? {
            Selection::Nodes(nodes) => Ok(nodes),
            _ => Err(XpathError::Type),
        }
    }

    fn select(&self, xpath: &str) -> Result<Vec<Found>, ModuleError> {
        self.evaluated(xpath).map_err(|error| ModuleError::failed(format!("Cannot evaluate xpath {xpath}: {error}")))
    }

    /// The elements an expression finds.
    fn elements(&self, xpath: &str) -> Result<Vec<Id>, ModuleError> {
        let found = self.select(xpath)?.into_iter().filter_map(|found| match found {
            Found::Node(id) => self.document.element(id).map(|_| id),
            Found::Attribute(..) => None,
        });
        Ok(found.collect())
    }

    fn no_node(&self, xpath: &str) -> ModuleError {
        let tree = shown_as_bytes(&writing::body(&self.document, true));
        ModuleError::failed(format!("Xpath {xpath} does not reference a node! tree is {tree}"))
    }

    fn contents(&self, xpath: &str, what: &str) -> Result<Vec<Value>, ModuleError> {
        let elements = self.elements(xpath)?;
        if elements.is_empty() {
            return Err(ModuleError::failed(format!("Xpath {xpath} does not reference a node!")));
        }
        let one = |id: Id| {
            let element = self.document.element(id)?;
            let value = if what == "text" {
                json!(self.document.text(id))
            } else {
                let attributes = element.attributes.iter().map(|(name, value)| (name.clark(), value.as_str().into()));
                Value::Object(attributes.collect())
            };
            Some(Value::Object(Map::from_iter([(element.name.clark(), value)])))
        };
        Ok(elements.into_iter().filter_map(one).collect())
    }

    fn remove(&mut self, xpath: &str) -> Result<bool, ModuleError> {
        let found = self.select(xpath)?;
        // Taken out from the end, attributes keep their places.
        for found in found.iter().rev() {
            match *found {
                Found::Attribute(id, index) => {
                    let name = self.document.element(id).and_then(|element| element.attributes.get(index));
                    if let Some(name) = name.map(|(name, _)| name.clone()) {
                        self.document.remove_attribute(id, &name);
                    }
                }
                Found::Node(id) if Some(id) == self.document.root() || id == TOP => {
                    let msg = format!("Couldn't delete xpath target: {xpath} (the root element cannot be removed)");
                    return Err(ModuleError::failed(msg));
                }
                Found::Node(id) if self.document.is_text(id) => self.document.remove(id),
                Found::Node(id) => self.document.remove_with_tail(id),
            }
        }
        Ok(!found.is_empty())
    }

    /// Makes what is not there.
    fn ensure(&mut self, xpath: &str) -> Result<bool, ModuleError> {
        if !self.select(xpath)?.is_empty() {
            return Ok(false);
        }
        spawn(&mut self.document, &self.namespaces, xpath)?;
        Ok(true)
    }

    fn set_value(&mut self, xpath: &str) -> Result<bool, ModuleError> {
        let value = self.args.raw("value").map(str_of).unwrap_or_default();
        let mut changed = self.ensure(xpath)?;
        let elements = self.elements(xpath)?;
        if elements.is_empty() {
            return Err(self.no_node(xpath));
        }
        let attribute = match self.args.raw("attribute") {
            Some(name) => Some(self.name(&str_of(name))?),
            None => None,
        };
        for id in elements {
            match &attribute {
                Some(name) if self.document.attribute(id, name) != Some(value.as_str()) => {
                    self.document.set_attribute(id, name, &value);
                }
                None if self.document.text(id).as_deref() != Some(value.as_str()) => self.document.set_text(id, &value),
                _ => continue,
            }
            changed = true;
        }
        Ok(changed)
    }

    /// A name of a task, whose prefix is one of its namespaces.
    fn name(&self, text: &str) -> Result<Name, ModuleError> {
        spawning::name(text, &self.namespaces)
    }

    fn set_children(&mut self, xpath: &str) -> Result<bool, ModuleError> {
        let wanted = self.wanted_children("set_children")?;
        let elements = self.elements(xpath)?;
        if elements.is_empty() {
            return Err(self.no_node(xpath));
        }
        let mut changed = false;
        for id in elements {
            let document = &self.document;
            let children: Vec<Id> =
                document.children(id).iter().copied().filter(|child| !document.is_text(*child)).collect();
            let same = children.len() == wanted.len()
                && children.iter().zip(&wanted).all(|(child, wanted)| children::same(document, *child, wanted));
            if same {
                continue;
            }
            changed = true;
            children.into_iter().for_each(|child| self.document.remove_with_tail(child));
            for child in &wanted {
                let at = self.document.children(id).len();
                children::insert(&mut self.document, id, at, child);
            }
        }
        Ok(changed)
    }

    fn add_children(&mut self, xpath: &str) -> Result<bool, ModuleError> {
        let wanted = self.wanted_children("add_children")?;
        let elements = self.elements(xpath)?;
        let (before, after) = (self.args.bool("insertbefore"), self.args.bool("insertafter"));
        let beside = if before { elements.first() } else { elements.last() };
        let places: Vec<(Id, Option<usize>)> = match beside {
            Some(id) if before || after => {
                let (parent, at) = self.document.place(*id).ok_or_else(|| self.no_node(xpath))?;
                if parent == TOP {
                    return Err(ModuleError::failed("Nothing can be added beside the root element"));
                }
                let tail = self.document.children(parent)[at + 1..].iter();
                let tail = tail.take_while(|id| self.document.is_text(**id)).count();
                vec![(parent, Some(if after { at + 1 + tail } else { at }))]
            }
            _ => elements.into_iter().map(|id| (id, None)).collect(),
        };
        for (parent, at) in &places {
            for (index, child) in wanted.iter().enumerate() {
                let at = at.map_or_else(|| self.document.children(*parent).len(), |at| at + index);
                children::insert(&mut self.document, *parent, at, child);
            }
        }
        Ok(!places.is_empty() && !wanted.is_empty())
    }

    fn wanted_children(&self, arg: &str) -> Result<Vec<Document>, ModuleError> {
        let xml = self.args.str("input_type")? == "xml";
        let each = self.args.list(arg).iter().map(|child| {
            if xml { children::of_xml(&str_of(child)) } else { children::of_value(child, &self.namespaces) }
        });
        each.collect()
    }

    /// Writes what changed and reports it.
    fn finish(
        &self,
        changed: bool,
        cx: &mut Context<'_>,
        say: impl FnOnce(ModuleResult) -> ModuleResult,
    ) -> Result<ModuleResult, ModuleError> {
        let actions = json!({
            "xpath": self.args.opt_str("xpath"),
            "namespaces": self.args.raw("namespaces"),
            "state": self.args.opt_str("state"),
        });
        let text = writing::text(&self.document, self.args.bool("pretty_print"));
        let mut result = say(ModuleResult::ok().set("actions", actions).changed(changed));
        if changed {
            // Comparisons are easier to read when every element has its line.
            result = result.diff(Diff::new(writing::text(&self.before, true), writing::text(&self.document, true)));
            result = result.set_opt("backup_file", write(self.args, &text, cx)?);
        }
        Ok(if self.args.has("xmlstring") { result.set("xmlstring", text) } else { result })
    }
}

/// Where a node is: `/business/beers/beer[2]`.
fn path_of(document: &Document, found: Found) -> String {
    let (id, end) = match found {
        Found::Node(id) => (id, String::new()),
        Found::Attribute(id, index) => {
            let name = document.element(id).and_then(|element| element.attributes.get(index));
            (id, name.map(|(name, _)| format!("/@{}", name.qualified())).unwrap_or_default())
        }
    };
    let mut steps = Vec::new();
    let mut at = Some(id);
    while let Some(id) = at.filter(|id| *id != TOP) {
        steps.push(step_of(document, id));
        at = document.parent(id);
    }
    steps.reverse();
    format!("/{}{end}", steps.join("/"))
}

fn step_of(document: &Document, id: Id) -> String {
    let name_of = |id: Id| match document.kind(id) {
        // A name in a default namespace cannot be written as a path.
        Kind::Element(element) if element.name.prefix.is_empty() && !element.name.uri.is_empty() => "*".to_owned(),
        Kind::Element(element) => element.name.qualified(),
        Kind::Comment(_) => "comment()".to_owned(),
        Kind::Instruction(_) => "processing-instruction()".to_owned(),
        _ => "text()".to_owned(),
    };
    let name = name_of(id);
    let siblings = document.parent(id).map_or(&[][..], |parent| document.children(parent));
    let alike = |other: &&Id| if name == "*" { document.element(**other).is_some() } else { name_of(**other) == name };
    let alike: Vec<&Id> = siblings.iter().filter(alike).collect();
    match alike.iter().position(|other| **other == id) {
        Some(place) if alike.len() > 1 => format!("{name}[{}]", place + 1),
        _ => name,
    }
}

/// A text as Python shows its bytes.
fn shown_as_bytes(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = format!("b{quote}");
    for byte in text.bytes() {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            _ if char::from(byte) == quote => out.push_str(&format!("\\{quote}")),
            0x20..=0x7e => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
    out
}
