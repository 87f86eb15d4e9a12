//! YAML scalars: which quotes a string needs, and how long ones are folded.

use std::sync::OnceLock;

use kapell_parsing::value::float_repr;
use regex::Regex;

use super::yaml_writer::{ScalarStyle, Writer};

pub(super) struct Scalar {
    text: String,
    /// Whether it is a string: others say so when they are quoted.
    is_string: bool,
    /// Vault data that stays closed.
    is_sealed: bool,
    allow_unicode: bool,
    /// Whether the plain text would be read back as this value.
    plain_reads_back: bool,
    multiline: bool,
    flow_plain: bool,
    block_plain: bool,
    single_quoted: bool,
    /// As a block of its own lines, where it has several.
    literal: bool,
}

/// A float as PyYAML represents it.
pub(super) fn float_text(float: f64) -> String {
    if float.is_nan() {
        return ".nan".into();
    }
    if float.is_infinite() {
        return if float > 0.0 { ".inf" } else { "-.inf" }.into();
    }
    let text = float_repr(float);
    if text.contains('.') { text } else { text.replacen('e', ".0e", 1) }
}

impl Scalar {
    /// A number, boolean or null.
    pub(super) fn plain(text: String) -> Self {
        Self {
            text,
            is_string: false,
            is_sealed: false,
            allow_unicode: true,
            plain_reads_back: true,
            multiline: false,
            flow_plain: true,
            block_plain: true,
            single_quoted: true,
            literal: true,
        }
    }

    /// A date or a point in time.
    pub(super) fn moment(text: &str) -> Self {
        let mut scalar = Self::plain(text.replacen('T', " ", 1));
        scalar.analyze();
        scalar
    }

    /// `!vault` and the data, as it was read.
    pub(super) fn sealed(data: &str) -> Self {
        Self { is_sealed: true, ..Self::string(data, true) }
    }

    pub(super) fn string(text: &str, allow_unicode: bool) -> Self {
        let plain_reads_back = !is_other_type(text);
        let mut scalar = Self { plain_reads_back, is_string: true, allow_unicode, ..Self::plain(text.to_owned()) };
        if text.is_empty() {
            scalar.flow_plain = false;
            scalar.literal = false;
        } else {
            scalar.analyze();
        }
        scalar
    }

    fn analyze(&mut self) {
        let text = self.text.clone();
        let chars: Vec<char> = text.chars().collect();
        let mut block_indicators = text.starts_with("---") || text.starts_with("...");
        let mut flow_indicators = block_indicators;
        let (mut line_breaks, mut special) = (false, false);
        let (mut space_break, mut break_space) = (false, false);
        let (mut previous_space, mut previous_break) = (false, false);
        let mut after_space = true;
        for (at, &c) in chars.iter().enumerate() {
            let before_space = chars.get(at + 1).is_none_or(|c| is_blank(*c));
            match (at, c) {
                (0, '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`') => {
                    (flow_indicators, block_indicators) = (true, true);
                }
                (0, '?') | (_, ':') => {
                    flow_indicators = true;
                    block_indicators |= before_space;
                }
                (0, '-') if before_space => (flow_indicators, block_indicators) = (true, true),
                (1.., ',' | '?' | '[' | ']' | '{' | '}') => flow_indicators = true,
                (1.., '#') if after_space => (flow_indicators, block_indicators) = (true, true),
                _ => {}
            }
            special |= !is_printable(c) || !c.is_ascii() && !self.allow_unicode;
            line_breaks |= is_break(c);
            break_space |= c == ' ' && previous_break;
            space_break |= is_break(c) && previous_space;
            (previous_space, previous_break) = (c == ' ', is_break(c));
            after_space = is_blank(c);
        }
        let edge = |c: Option<&char>| c.is_some_and(|c| *c == ' ' || is_break(*c));
        let bad_edges = edge(chars.first()) || edge(chars.last());
        let unquotable = break_space || space_break || special;
        self.multiline = line_breaks;
        self.flow_plain = !(bad_edges || unquotable || line_breaks || flow_indicators);
        self.block_plain = !(bad_edges || unquotable || line_breaks || block_indicators);
        self.single_quoted = !unquotable;
        self.literal = !(space_break || special || chars.last() == Some(&' '));
    }

    /// Whether it can stand before a `:` on one line.
    pub(super) fn is_simple_key(&self) -> bool {
        !self.multiline && self.text.len() <= 128
    }

    pub(super) fn write(&self, writer: &mut Writer, simple_key: bool) {
        let style = self.style(writer, simple_key);
        if self.is_sealed {
            writer.indicator("!vault", true, false, false);
        } else if style != ScalarStyle::Plain && !self.is_string && !writer.canonical {
            writer.indicator("!", true, false, false);
        }
        match style {
            ScalarStyle::Plain => self.write_plain(writer, !simple_key),
            ScalarStyle::Single => self.write_single(writer, !simple_key),
            ScalarStyle::Double => self.write_double(writer, !simple_key),
            ScalarStyle::Literal => self.write_literal(writer),
            ScalarStyle::Folded => self.write_folded(writer),
        }
    }

    /// The style wanted, or the next one that can hold the text where it stands.
    fn style(&self, writer: &Writer, simple_key: bool) -> ScalarStyle {
        let plain_fits = if writer.flow_level > 0 { self.flow_plain } else { self.block_plain };
        let empty_misfit = self.text.is_empty() && (writer.flow_level > 0 || simple_key);
        let block_fits = self.literal && writer.flow_level == 0 && !simple_key;
        let wanted = if (writer.literal || self.is_sealed) && self.multiline && block_fits {
            ScalarStyle::Literal
        } else {
            writer.scalars
        };
        match wanted {
            _ if simple_key && self.multiline => ScalarStyle::Double,
            ScalarStyle::Plain if self.plain_reads_back && plain_fits && !empty_misfit => ScalarStyle::Plain,
            ScalarStyle::Plain | ScalarStyle::Single if self.single_quoted => ScalarStyle::Single,
            ScalarStyle::Literal | ScalarStyle::Folded if block_fits => wanted,
            _ => ScalarStyle::Double,
        }
    }

    fn write_plain(&self, writer: &mut Writer, fold: bool) {
        if !writer.whitespace && (!self.text.is_empty() || writer.flow_level > 0) {
            writer.put(' ');
        }
        let chars: Vec<char> = self.text.chars().collect();
        let mut spaces = false;
        for (at, &c) in chars.iter().enumerate() {
            if c == ' ' {
                if fold && !spaces && writer.too_wide() && chars.get(at + 1) != Some(&' ') {
                    writer.write_indent();
                } else {
                    writer.put(c);
                }
                spaces = true;
            } else {
                writer.put(c);
                writer.indention = false;
                spaces = false;
            }
        }
        writer.whitespace = false;
        writer.indention = false;
    }

    fn write_single(&self, writer: &mut Writer, fold: bool) {
        writer.indicator("'", true, false, false);
        let chars: Vec<char> = self.text.chars().collect();
        let (mut spaces, mut breaks) = (false, false);
        for (at, &c) in chars.iter().enumerate() {
            if c == ' ' {
                let inside = at > 0 && at + 1 < chars.len() && chars.get(at + 1) != Some(&' ');
                if fold && !spaces && writer.too_wide() && inside {
                    writer.write_indent();
                } else {
                    writer.put(c);
                }
                spaces = true;
            } else if is_break(c) {
                if !breaks && c == '\n' {
                    writer.put('\n');
                }
                writer.put(c);
                writer.indention = true;
                breaks = true;
            } else {
                if breaks {
                    writer.write_indent();
                }
                if c == '\'' {
                    writer.put('\'');
                }
                writer.put(c);
                writer.indention = false;
                (spaces, breaks) = (false, false);
            }
        }
        if breaks {
            writer.write_indent();
        }
        writer.indicator("'", false, false, false);
        writer.whitespace = false;
        writer.indention = false;
    }

    /// `|` or `>`, with what it says of indentation and of line ends at the end.
    fn open_block(&self, writer: &mut Writer, mark: char) {
        let indent = if self.text.starts_with([' ', '\n']) { writer.best_indent().to_string() } else { String::new() };
        let lines = self.text.trim_end_matches('\n');
        let chomp = match self.text.len() - lines.len() {
            0 => "-",
            1 if !lines.is_empty() => "",
            _ => "+",
        };
        writer.open_ended |= chomp == "+";
        writer.indicator(&format!("{mark}{indent}{chomp}"), true, false, false);
        writer.put('\n');
        writer.whitespace = true;
        writer.indention = true;
    }

    /// Line ends are doubled where they would be folded away, long lines are broken at spaces.
    fn write_folded(&self, writer: &mut Writer) {
        self.open_block(writer, '>');
        let chars: Vec<char> = self.text.chars().collect();
        let (mut breaks, mut leading_spaces) = (true, true);
        for (at, &c) in chars.iter().enumerate() {
            if is_break(c) {
                let next = chars[at..].iter().find(|c| !is_break(**c));
                if !breaks && !leading_spaces && c == '\n' && next.is_some_and(|c| !is_blank(*c)) {
                    writer.put('\n');
                }
                writer.put(c);
                writer.indention = true;
                breaks = true;
                continue;
            }
            if breaks {
                writer.write_indent();
                leading_spaces = is_blank(c);
            }
            if !breaks && c == ' ' && chars.get(at + 1) != Some(&' ') && writer.too_wide() {
                writer.write_indent();
            } else {
                writer.put(c);
            }
            writer.indention = false;
            breaks = false;
        }
    }

    fn write_literal(&self, writer: &mut Writer) {
        self.open_block(writer, '|');
        let mut breaks = true;
        for c in self.text.chars() {
            if is_break(c) {
                writer.put(c);
                writer.whitespace = true;
                writer.indention = true;
                breaks = true;
            } else {
                if breaks {
                    writer.write_indent();
                }
                writer.put(c);
                writer.whitespace = false;
                writer.indention = false;
                breaks = false;
            }
        }
    }

    fn write_double(&self, writer: &mut Writer, fold: bool) {
        writer.indicator("\"", true, false, false);
        let chars: Vec<char> = self.text.chars().collect();
        let mut spaces = false;
        for (at, &c) in chars.iter().enumerate() {
            if !is_printable(c)
                || !self.allow_unicode && !c.is_ascii()
                || is_break(c)
                || matches!(c, '"' | '\\' | '\u{feff}')
            {
                writer.put_str(&escape(c));
                spaces = false;
            } else if c == ' ' {
                if fold && !spaces && writer.too_wide() && at > 0 && at + 1 < chars.len() {
                    writer.write_indent();
                    if chars.get(at + 1) == Some(&' ') {
                        writer.put('\\');
                    }
                } else {
                    writer.put(c);
                }
                spaces = true;
            } else {
                writer.put(c);
                spaces = false;
            }
        }
        writer.indicator("\"", false, false, false);
        writer.whitespace = false;
        writer.indention = false;
    }
}

fn escape(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        c => {
            let code = c as u32;
            return match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{short}")
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\0') || is_break(c)
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What libyaml prints as it is; nothing beyond the basic plane.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// Whether YAML 1.1 reads the plain text as something that is not a string.
fn is_other_type(text: &str) -> bool {
    static OTHER: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = concat!(
        r"^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
        r"|~|null|Null|NULL|<<|=|!|&|\*|",
        r"|[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?",
        r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        r"|[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+",
        r"|[0-9]{4}-[0-9]{2}-[0-9]{2}",
        r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?",
        r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$",
    );
    OTHER.get_or_init(|| Regex::new(pattern).ok()).as_ref().is_some_and(|other| other.is_match(text))
}
