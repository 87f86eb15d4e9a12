//! What a `Templar` and one rendering can be told.

use std::path::PathBuf;
use std::sync::Arc;

use kapell_parsing::{Origin, VaultSecrets};

use crate::{PluginPaths, Surroundings};

/// Fixed for a whole run.
#[derive(Clone, Default)]
pub struct TemplarOptions {
    /// For lookups that read vault files.
    pub vault: VaultSecrets,
    /// Accept conditionals with non-boolean results, with Python's truth.
    pub allow_broken_conditionals: bool,
    /// How many evaluation steps one rendering may take; tens of millions when nothing is said.
    pub max_steps: Option<u64>,
    /// Where filters, tests and lookups written in Python are.
    pub plugins: PluginPaths,
    /// The interpreter that runs them; `python3` when nothing is said.
    pub python: Option<String>,
    /// `jinja2.ext.do` and `jinja2.ext.loopcontrols` are known.
    pub jinja2_extensions: Vec<String>,
    pub surroundings: Option<Arc<dyn Surroundings>>,
}

/// Where a rendering happens.
#[derive(Clone, Debug, Default)]
pub struct RenderContext {
    /// Directories searched by lookups and includes, nearest first. Each is also tried with `files/`, `templates/`
    /// or `vars/` below it, as the lookup asks.
    pub search_path: Vec<PathBuf>,
    /// The playbook's directory: where relative paths start.
    pub basedir: PathBuf,
    /// The place to name in errors when the template itself has none.
    pub origin: Option<Origin>,
}

/// How a template file is read: the options of the `template` module, overridden by a `#jinja2:` header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TextOptions {
    pub trim_blocks: bool,
    pub lstrip_blocks: bool,
    /// For included files. The line ends a rendered file ends with are kept in any case.
    pub keep_trailing_newline: bool,
    pub newline_sequence: String,
    pub block_start: String,
    pub block_end: String,
    pub variable_start: String,
    pub variable_end: String,
    pub comment_start: String,
    pub comment_end: String,
    /// What starts a line that is a statement as a whole; empty for none. Likewise for comments.
    pub line_statement_prefix: String,
    pub line_comment_prefix: String,
}

impl TextOptions {
    /// Whether anything in `text` looks like a template's; a file without is not rendered, not even its line ends.
    pub(crate) fn may_open(&self, text: &str) -> bool {
        [&self.block_start, &self.variable_start, &self.comment_start].iter().any(|start| text.contains(start.as_str()))
    }
}

impl Default for TextOptions {
    fn default() -> Self {
        Self {
            trim_blocks: true,
            lstrip_blocks: false,
            keep_trailing_newline: false,
            newline_sequence: "\n".into(),
            block_start: "{%".into(),
            block_end: "%}".into(),
            variable_start: "{{".into(),
            variable_end: "}}".into(),
            comment_start: "{#".into(),
            comment_end: "#}".into(),
            line_statement_prefix: String::new(),
            line_comment_prefix: String::new(),
        }
    }
}
