//! Which variables a template asks for, without rendering it: for checks that have no host.

use std::sync::Arc;

use kapell_parsing::{Origin, SourceFile};

use crate::programs::Programs;
use crate::syntax::{Argument, CallExpr, Expr, FilterExpr, Loop, MacroDef, Stmt, Target};
use crate::{TemplateError, TextOptions, globals};

/// A variable that a template reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    pub name: String,
    /// It may be undefined where it stands: behind a `default`, a test whether it is defined, in one branch of several.
    pub guarded: bool,
}

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateKind {
    /// A text with `{{ … }}` in it.
    Text,
    /// An expression alone: `when`, `until`.
    Expression,
    /// A file.
    File,
}

/// Reads templates without variables; keeps what it has read.
#[derive(Default)]
pub struct Mentions {
    programs: Programs,
}

impl Mentions {
    /// What `source` reads, or what is wrong with its syntax.
    pub fn of(&self, text: &str, kind: TemplateKind, origin: Option<&Origin>) -> Result<Vec<Mention>, TemplateError> {
        let program = match kind {
            TemplateKind::Text => self.programs.template(text).map_err(|error| error.worded("template", origin)),
            TemplateKind::Expression => {
                self.programs.expression(text).map_err(|error| error.in_expression(text, origin))
            }
            TemplateKind::File => {
                let file = SourceFile::new(origin.map(|origin| origin.path().to_owned()).unwrap_or_default(), text);
                let options = TextOptions::default();
                let (source, options) = crate::header::apply(&file, &options).map_err(|message| {
                    TemplateError::Syntax { message, origin: Some(Origin::new(file.clone(), 1, 1)) }
                })?;
                self.programs.file(&source, &options).map_err(|error| error.in_file(&source))
            }
        }?;
        let mut reader = Reader::default();
        reader.body(&program.body);
        for block in program.blocks.values() {
            reader.scoped(|reader| reader.body(block));
        }
        Ok(reader.found)
    }
}

#[derive(Default)]
struct Reader {
    found: Vec<Mention>,
    /// Names the template itself gives a value, innermost last.
    own: Vec<Arc<str>>,
    /// Within how many guards.
    guards: usize,
}

impl Reader {
    fn scoped(&mut self, read: impl FnOnce(&mut Self)) {
        let known = self.own.len();
        read(self);
        self.own.truncate(known);
    }

    fn guarded(&mut self, read: impl FnOnce(&mut Self)) {
        self.guards += 1;
        read(self);
        self.guards -= 1;
    }

    fn name(&mut self, name: &Arc<str>) {
        if self.own.contains(name) || globals::find(name).is_some() {
            return;
        }
        let mention = Mention { name: name.to_string(), guarded: self.guards > 0 };
        if !self.found.contains(&mention) {
            self.found.push(mention);
        }
    }

    fn body(&mut self, body: &[Stmt]) {
        body.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Text(_) | Stmt::Continue | Stmt::Break | Stmt::Block { .. } => {}
            Stmt::Emit { expr, .. } | Stmt::Do { expr, .. } => self.expr(expr),
            Stmt::For(each) => self.each(each),
            Stmt::If { test, then, otherwise, .. } => {
                self.expr(test);
                self.guarded(|reader| {
                    reader.body(then);
                    reader.body(otherwise);
                });
            }
            Stmt::With { assignments, body } => {
                assignments.iter().for_each(|(_, value)| self.expr(value));
                self.scoped(|reader| {
                    assignments.iter().for_each(|(target, _)| reader.target(target));
                    reader.body(body);
                });
            }
            Stmt::Set { target, value, .. } => {
                self.expr(value);
                self.target(target);
            }
            Stmt::SetBlock { target, filters, body } => {
                self.filters(filters);
                self.scoped(|reader| reader.body(body));
                self.target(target);
            }
            Stmt::FilterBlock { filters, body } => {
                self.filters(filters);
                self.scoped(|reader| reader.body(body));
            }
            Stmt::Scoped(body) => self.scoped(|reader| reader.body(body)),
            Stmt::Extends { name, .. } | Stmt::Include { name, .. } => self.expr(name),
            Stmt::Import { name, target, .. } => {
                self.expr(name);
                self.target(target);
            }
            Stmt::FromImport { name, names, .. } => {
                self.expr(name);
                self.own.extend(names.iter().map(|(_, name)| name.clone()));
            }
            Stmt::Macro(made) => {
                self.own.push(made.name.clone());
                self.made(made);
            }
            Stmt::CallBlock { call, caller, .. } => {
                self.call(call);
                self.made(caller);
            }
        }
    }

    /// What a loop does may happen never.
    fn each(&mut self, each: &Loop) {
        self.expr(&each.items);
        self.scoped(|reader| {
            reader.target(&each.target);
            reader.own.push("loop".into());
            reader.guarded(|reader| {
                each.filter.iter().for_each(|filter| reader.expr(filter));
                reader.body(&each.body);
            });
        });
        self.guarded(|reader| reader.scoped(|reader| reader.body(&each.otherwise)));
    }

    fn made(&mut self, made: &MacroDef) {
        made.defaults.iter().for_each(|value| self.expr(value));
        self.scoped(|reader| {
            reader.own.extend(made.parameters.iter().cloned());
            reader.own.extend(["caller", "varargs", "kwargs"].map(Arc::from));
            reader.guarded(|reader| reader.body(&made.body));
        });
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::Name(name) => self.own.push(name.clone()),
            Target::Attribute(name, _) => self.name(name),
            Target::Tuple(targets) => targets.iter().for_each(|target| self.target(target)),
        }
    }

    fn filters(&mut self, filters: &[FilterExpr]) {
        filters.iter().for_each(|filter| self.arguments(&filter.arguments));
    }

    fn arguments(&mut self, arguments: &[Argument]) {
        for argument in arguments {
            match argument {
                Argument::Positional(value)
                | Argument::Named(_, value)
                | Argument::Splat(value)
                | Argument::NamedSplat(value) => self.expr(value),
            }
        }
    }

    fn call(&mut self, call: &CallExpr) {
        self.expr(&call.callee);
        self.arguments(&call.arguments);
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Const(_) | Expr::Embedded(_) => {}
            Expr::Name(name) => self.name(name),
            Expr::List(items) | Expr::Tuple(items) => items.iter().for_each(|item| self.expr(item)),
            Expr::Map(entries) => entries.iter().for_each(|(key, value)| {
                self.expr(key);
                self.expr(value);
            }),
            Expr::Attribute(of, _) | Expr::Not(of) | Expr::Negate(of) => self.expr(of),
            Expr::Item(of, item) => {
                self.expr(of);
                self.expr(item);
            }
            Expr::Slice(of, parts) => {
                self.expr(of);
                parts.iter().flatten().for_each(|part| self.expr(part));
            }
            Expr::Call(call) => self.call(call),
            Expr::Filter(of, filter) => {
                match matches!(&*filter.name, "default" | "d" | "ansible.builtin.default" | "mandatory") {
                    true => self.guarded(|reader| reader.expr(of)),
                    false => self.expr(of),
                }
                self.arguments(&filter.arguments);
            }
            Expr::Test(of, test) => {
                match test.name.ends_with("defined") {
                    true => self.guarded(|reader| reader.expr(of)),
                    false => self.expr(of),
                }
                self.arguments(&test.arguments);
            }
            Expr::Binary(_, sides) => {
                self.expr(&sides.0);
                self.expr(&sides.1);
            }
            // The second one may never be asked.
            Expr::And(sides) | Expr::Or(sides) => {
                self.expr(&sides.0);
                self.guarded(|reader| reader.expr(&sides.1));
            }
            Expr::Compare(first, others) => {
                self.expr(first);
                others.iter().for_each(|(_, other)| self.expr(other));
            }
            Expr::If { test, then, otherwise } => {
                self.expr(test);
                self.guarded(|reader| {
                    reader.expr(then);
                    otherwise.iter().for_each(|otherwise| reader.expr(otherwise));
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentioned(text: &str, kind: TemplateKind) -> String {
        let found = Mentions::default().of(text, kind, None).unwrap();
        let shown = found.iter().map(|m| if m.guarded { format!("({})", m.name) } else { m.name.clone() });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn names_are_found_and_guards_seen() {
        for (text, expected) in [
            ("{{ a }} and {{ b.c[d] }}", "a b d"),
            ("{{ a | default(b) }}", "(a) b"),
            ("{% if a is defined %}{{ a }}{% endif %}", "(a)"),
            ("{% for x in xs %}{{ x }}{{ y }}{{ loop.index }}{% endfor %}", "xs (y)"),
            ("{% set n = m %}{{ n }}", "m"),
            ("{{ lookup('env', x) }}", "x"),
            ("{% macro f(p) %}{{ p }}{% endmacro %}{{ f(a) }}", "a"),
            ("{{ 'x' if a else b }}", "a (b)"),
        ] {
            assert_eq!(mentioned(text, TemplateKind::Text), expected, "{text}");
        }
        assert_eq!(mentioned("a is not defined or b == 1", TemplateKind::Expression), "(a) (b)");
    }

    #[test]
    fn broken_syntax_is_told() {
        assert!(Mentions::default().of("{{ a", TemplateKind::Text, None).is_err());
    }
}
