//! The column keeping of libyaml's emitter: indentation, indicators, line ends.

/// How a scalar is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScalarStyle {
    Plain,
    Single,
    Double,
    Literal,
    Folded,
}

pub(super) struct Writer {
    pub(super) out: String,
    pub(super) indent: i64,
    best_indent: i64,
    best_width: usize,
    column: usize,
    /// Whether the last character was a space or a line end.
    pub(super) whitespace: bool,
    /// Whether only indentation and indicators are on this line so far.
    pub(super) indention: bool,
    pub(super) flow_level: usize,
    /// Whether texts of several lines become blocks.
    pub(super) literal: bool,
    /// How scalars are written as far as they can be.
    pub(super) scalars: ScalarStyle,
    /// One item to a line, even in flow collections.
    pub(super) canonical: bool,
    /// Whether a block kept the line ends behind it, so that the document needs an end.
    pub(super) open_ended: bool,
}

impl Writer {
    pub(super) fn new(indent: usize, width: usize) -> Self {
        Self {
            out: String::new(),
            indent: -1,
            best_indent: i64::try_from(indent).unwrap_or(2),
            best_width: width,
            column: 0,
            whitespace: true,
            indention: true,
            flow_level: 0,
            literal: false,
            scalars: ScalarStyle::Plain,
            canonical: false,
            open_ended: false,
        }
    }

    pub(super) fn best_indent(&self) -> i64 {
        self.best_indent
    }

    pub(super) fn too_wide(&self) -> bool {
        self.column > self.best_width
    }

    pub(super) fn put(&mut self, c: char) {
        self.out.push(c);
        if c == '\n' {
            self.column = 0;
        } else {
            self.column += 1;
        }
    }

    pub(super) fn put_str(&mut self, text: &str) {
        text.chars().for_each(|c| self.put(c));
    }

    /// To a fresh line at the current indentation, unless already there.
    pub(super) fn write_indent(&mut self) {
        let indent = usize::try_from(self.indent).unwrap_or(0);
        if !self.indention || self.column > indent || self.column == indent && !self.whitespace {
            self.put('\n');
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    pub(super) fn indicator(&mut self, text: &str, need_whitespace: bool, whitespace: bool, indention: bool) {
        if need_whitespace && !self.whitespace {
            self.put(' ');
        }
        self.put_str(text);
        self.whitespace = whitespace;
        self.indention = self.indention && indention;
    }

    /// One level in; gives the level to come back to.
    pub(super) fn increase_indent(&mut self, indentless: bool) -> i64 {
        let outer = self.indent;
        if self.indent < 0 {
            self.indent = if self.flow_level > 0 { self.best_indent } else { 0 };
        } else if !indentless {
            self.indent += self.best_indent;
        }
        outer
    }

    /// A scalar that is folded goes on one level in.
    pub(super) fn increase_indent_for_scalar(&mut self) -> i64 {
        let outer = self.indent;
        self.indent = if outer < 0 { self.best_indent } else { outer + self.best_indent };
        outer
    }

    pub(super) fn open_flow(&mut self, bracket: &str) -> i64 {
        self.indicator(bracket, true, true, false);
        self.flow_level += 1;
        self.increase_indent(false)
    }

    pub(super) fn close_flow(&mut self, bracket: &str, outer: i64, is_empty: bool) {
        self.flow_level -= 1;
        self.indent = outer;
        if self.canonical && !is_empty {
            self.indicator(",", false, false, false);
            self.write_indent();
        }
        self.indicator(bracket, false, false, false);
    }

    /// A line end inside a flow collection that has become too wide.
    pub(super) fn wrap(&mut self) {
        if self.canonical || self.too_wide() {
            self.write_indent();
        }
    }
}
