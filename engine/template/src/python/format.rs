//! `'{0:>5} {name!r}'.format(…)` and its format specifications.

use num_bigint::Sign;

use super::{floats, repr, str};
use crate::evaluate::{Arguments, Fault, Rendering, attribute, item};
use crate::object::Object;
use crate::operators::{big_to_float, to_big};

const MAX_WIDTH: usize = 60_000;

struct Fields<'f> {
    rendering: &'f Rendering<'f>,
    arguments: &'f Arguments,
    /// The next `{}`; nothing once a number was given.
    automatic: Option<usize>,
    numbered: bool,
}

pub(crate) fn brace_format(rendering: &Rendering<'_>, format: &str, arguments: &Arguments) -> Result<String, Fault> {
    let mut fields = Fields { rendering, arguments, automatic: None, numbered: false };
    fields.expand(format, 2)
}

impl Fields<'_> {
    fn expand(&mut self, format: &str, depth: usize) -> Result<String, Fault> {
        let mut out = String::new();
        let mut rest = format;
        while let Some(at) = rest.find(['{', '}']) {
            out.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            let after = &rest[at + 1..];
            if after.starts_with(brace) {
                out.push_str(brace);
                rest = &after[1..];
            } else if brace == "}" {
                return Err(Fault::error("Single '}' encountered in format string"));
            } else {
                let end = matching(after)?;
                out.push_str(&self.field(&after[..end], depth)?);
                rest = &after[end + 1..];
            }
        }
        out.push_str(rest);
        Ok(out)
    }

    fn field(&mut self, field: &str, depth: usize) -> Result<String, Fault> {
        let split = field.find([':', '!']).filter(|at| !field[..*at].contains('['));
        let split = split.or_else(|| field.rfind(']').and_then(|at| field[at..].find([':', '!']).map(|i| at + i)));
        let (name, tail) = split.map_or((field, ""), |at| field.split_at(at));
        let object = self.lookup(name)?;
        let (object, spec) = match tail.strip_prefix('!') {
            Some(conversion) => {
                let kind = conversion.chars().next().unwrap_or(' ');
                let converted = match kind {
                    's' => str(self.rendering, &object)?,
                    'r' | 'a' => repr(self.rendering, &object)?,
                    other => return Err(Fault::error(format!("Unknown conversion specifier '{other}'"))),
                };
                (Object::from(converted), conversion[kind.len_utf8()..].strip_prefix(':').unwrap_or(""))
            }
            None => (object, tail.strip_prefix(':').unwrap_or("")),
        };
        if spec.contains('{') {
            if depth == 0 {
                return Err(Fault::error("Max string recursion exceeded"));
            }
            let spec = self.expand(spec, depth - 1)?;
            return format_object(self.rendering, &object, &spec);
        }
        format_object(self.rendering, &object, spec)
    }

    fn lookup(&mut self, name: &str) -> Result<Object, Fault> {
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let (first, mut path) = name.split_at(end);
        let mut object = self.argument(first)?;
        while !path.is_empty() {
            let field = path;
            let found = if let Some(rest) = path.strip_prefix('.') {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (name, tail) = rest.split_at(end);
                path = tail;
                // Python's own attributes only: entries of a dict are reached with brackets.
                match object {
                    Object::Dict(_) => None,
                    _ => attribute(self.rendering, &object, name)?,
                }
            } else {
                let close = path.find(']').ok_or_else(|| Fault::error("Missing ']' in format string"))?;
                let key = &path[1..close];
                path = &path[close + 1..];
                let key = key.parse::<i64>().map_or_else(|_| Object::from(key), Object::Int);
                item(self.rendering, &object, &key)?
            };
            object = found.ok_or_else(|| missing_field(&object, field))?;
        }
        if let Object::Undefined(missing) = object { Err(Fault::Undefined(missing)) } else { Ok(object) }
    }

    fn argument(&mut self, name: &str) -> Result<Object, Fault> {
        let position = if name.is_empty() {
            if self.numbered {
                return Err(Fault::error("cannot switch from manual field specification to automatic field numbering"));
            }
            let next = self.automatic.map_or(0, |last| last + 1);
            self.automatic = Some(next);
            next
        } else if let Ok(position) = name.parse::<usize>() {
            if self.automatic.is_some() {
                return Err(Fault::error("cannot switch from automatic field numbering to manual field specification"));
            }
            self.numbered = true;
            position
        } else {
            let found = self.arguments.named.iter().find(|(known, _)| &**known == name);
            return found
                .map(|(_, object)| object.clone())
                .ok_or_else(|| Fault::error(kapell_parsing::value::str_repr(name)));
        };
        self.arguments
            .positional
            .get(position)
            .cloned()
            .ok_or_else(|| Fault::error(format!("Replacement index {position} out of range for positional args tuple")))
    }
}

fn missing_field(object: &Object, field: &str) -> Fault {
    match field.strip_prefix('.') {
        Some(rest) => {
            let name = &rest[..rest.find(['.', '[']).unwrap_or(rest.len())];
            Fault::error(format!("'{}' object has no attribute '{name}'", object.type_name()))
        }
        None => {
            let key = &field[1..field.find(']').unwrap_or(field.len())];
            Fault::error(kapell_parsing::value::str_repr(key))
        }
    }
}

/// The end of a field whose opening brace was just passed.
fn matching(text: &str) -> Result<usize, Fault> {
    let mut depth = 1;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Ok(at);
        }
    }
    Err(Fault::error("expected '}' before end of string"))
}

struct Spec {
    fill: char,
    align: Option<char>,
    sign: char,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

fn read_spec(spec: &str) -> Result<Spec, Fault> {
    let invalid = || Fault::error(format!("Invalid format specifier '{spec}'"));
    let mut chars: Vec<char> = spec.chars().collect();
    let mut read = Spec {
        fill: ' ',
        align: None,
        sign: '-',
        alternate: false,
        width: 0,
        grouping: None,
        precision: None,
        kind: None,
    };
    let is_align = |c: Option<&char>| c.is_some_and(|c| "<>=^".contains(*c));
    if is_align(chars.get(1)) {
        read.fill = chars[0];
        read.align = Some(chars[1]);
        chars.drain(..2);
    } else if is_align(chars.first()) {
        read.align = Some(chars.remove(0));
    }
    let mut rest = chars.into_iter().peekable();
    if let Some(sign) = rest.next_if(|c| "+- ".contains(*c)) {
        read.sign = sign;
    }
    read.alternate = rest.next_if_eq(&'#').is_some();
    if rest.next_if_eq(&'0').is_some() && read.align.is_none() {
        (read.fill, read.align) = ('0', Some('='));
    }
    let number = |rest: &mut std::iter::Peekable<std::vec::IntoIter<char>>| {
        let mut digits = String::new();
        while let Some(digit) = rest.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        digits.parse::<usize>().ok().map(|n| n.min(MAX_WIDTH))
    };
    read.width = number(&mut rest).unwrap_or(0);
    read.grouping = rest.next_if(|c| matches!(c, ',' | '_'));
    if rest.next_if_eq(&'.').is_some() {
        read.precision = Some(number(&mut rest).ok_or_else(|| Fault::error("Format specifier missing precision"))?);
    }
    read.kind = rest.next();
    if rest.next().is_some() { Err(invalid()) } else { Ok(read) }
}

/// Python's `format(object, spec)`.
pub(crate) fn format_object(rendering: &Rendering<'_>, object: &Object, spec: &str) -> Result<String, Fault> {
    if spec.is_empty() {
        return str(rendering, object);
    }
    if let Some(date) = crate::dates::format(object, spec) {
        return date;
    }
    let parsed = read_spec(spec)?;
    let unknown = |kind: char| {
        let name = object.type_name();
        Fault::error(format!("Unknown format code '{kind}' for object of type '{name}'"))
    };
    match object {
        Object::Str(text) => match parsed.kind {
            None | Some('s') => {
                let cut: String = text.chars().take(parsed.precision.unwrap_or(usize::MAX)).collect();
                Ok(pad(&parsed, "", &cut, '<'))
            }
            Some(kind) => Err(unknown(kind)),
        },
        Object::Float(f) => format_float(&parsed, *f).ok_or_else(|| unknown(parsed.kind.unwrap_or(' '))),
        number if number.is_number() => {
            let kind = parsed.kind.unwrap_or('d');
            if matches!(kind, 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') {
                let big = to_big(number).unwrap_or_default();
                return format_float(&parsed, big_to_float(&big)).ok_or_else(|| unknown(kind));
            }
            format_integer(&parsed, number, kind).ok_or_else(|| unknown(kind))
        }
        other => {
            let name = other.type_name();
            Err(Fault::error(format!("unsupported format string passed to {name}.__format__")))
        }
    }
}

fn format_integer(spec: &Spec, number: &Object, kind: char) -> Option<String> {
    let big = to_big(number)?;
    let magnitude = big.magnitude();
    let (prefix, digits) = match kind {
        'd' | 'n' => ("", magnitude.to_string()),
        'b' => ("0b", magnitude.to_str_radix(2)),
        'o' => ("0o", magnitude.to_str_radix(8)),
        'x' => ("0x", magnitude.to_str_radix(16)),
        'X' => ("0X", magnitude.to_str_radix(16).to_uppercase()),
        'c' => {
            let c = u32::try_from(&big).ok().and_then(char::from_u32)?;
            return Some(pad(spec, "", &c.to_string(), '<'));
        }
        _ => return None,
    };
    let size = if matches!(kind, 'd' | 'n') { 3 } else { 4 };
    let digits = spec.grouping.map_or(digits.clone(), |separator| group(&digits, size, separator));
    let sign = sign_text(spec, big.sign() == Sign::Minus);
    let prefix = if spec.alternate { prefix } else { "" };
    Some(pad(spec, &format!("{sign}{prefix}"), &digits, '>'))
}

fn format_float(spec: &Spec, float: f64) -> Option<String> {
    let magnitude = float.abs();
    let precision = spec.precision.unwrap_or(6);
    let text = match spec.kind {
        None if spec.precision.is_none() => kapell_parsing::value::float_repr(magnitude),
        None => {
            let text = floats::general(magnitude, precision, spec.alternate);
            if text.contains(['.', 'e', 'n']) { text } else { text + ".0" }
        }
        Some('f' | 'F') => floats::fixed(magnitude, precision),
        Some('e') => floats::exponent(magnitude, precision),
        Some('E') => floats::exponent(magnitude, precision).to_uppercase(),
        Some('g' | 'n') => floats::general(magnitude, precision, spec.alternate),
        Some('G') => floats::general(magnitude, precision, spec.alternate).to_uppercase(),
        Some('%') => floats::fixed(magnitude * 100.0, precision) + "%",
        Some(_) => return None,
    };
    let text = match spec.grouping {
        Some(separator) => {
            let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            group(&text[..end], 3, separator) + &text[end..]
        }
        None => text,
    };
    Some(pad(spec, sign_text(spec, float.is_sign_negative() && !float.is_nan()), &text, '>'))
}

fn sign_text(spec: &Spec, negative: bool) -> &'static str {
    match (negative, spec.sign) {
        (true, _) => "-",
        (false, '+') => "+",
        (false, ' ') => " ",
        _ => "",
    }
}

fn group(digits: &str, size: usize, separator: char) -> String {
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(size) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

fn pad(spec: &Spec, prefix: &str, body: &str, default: char) -> String {
    let length = prefix.chars().count() + body.chars().count();
    let missing = spec.width.saturating_sub(length);
    let fill = |count: usize| spec.fill.to_string().repeat(count);
    match spec.align.unwrap_or(default) {
        '<' => format!("{prefix}{body}{}", fill(missing)),
        '^' => format!("{}{prefix}{body}{}", fill(missing / 2), fill(missing - missing / 2)),
        '=' => format!("{prefix}{}{body}", fill(missing)),
        _ => format!("{}{prefix}{body}", fill(missing)),
    }
}
