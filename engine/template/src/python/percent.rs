//! `'%s of %05d' % (a, b)`.

use num_bigint::{BigInt, Sign};

use super::{floats, repr, str};
use crate::evaluate::{Fault, Rendering};
use crate::object::Object;
use crate::operators::{big_to_float, float_to_int, to_big};

/// Longest padding and precision honoured; the formatting machinery ends at 65535.
const MAX_WIDTH: usize = 60_000;

struct Directive {
    key: Option<String>,
    alternate: bool,
    zero: bool,
    left: bool,
    space: bool,
    plus: bool,
    width: Option<usize>,
    precision: Option<usize>,
    conversion: char,
}

/// Where the values come from: a tuple in order, a mapping by name, or a single value.
struct Values<'v> {
    rendering: &'v Rendering<'v>,
    whole: &'v Object,
    position: usize,
}

impl Values<'_> {
    fn next(&mut self) -> Result<Object, Fault> {
        let next = match self.whole {
            Object::Tuple(items) => items.get(self.position).cloned(),
            single => (self.position == 0).then(|| single.clone()),
        };
        self.position += 1;
        match next {
            Some(Object::Undefined(missing)) => Err(Fault::Undefined(missing)),
            Some(object) => Ok(object),
            None => Err(Fault::error("not enough arguments for format string")),
        }
    }

    fn named(&self, key: &str) -> Result<Object, Fault> {
        match self.whole {
            Object::Dict(dict) => {
                dict.get_str(self.rendering, key)?.ok_or_else(|| Fault::error(kapell_parsing::value::str_repr(key)))
            }
            _ => Err(Fault::error("format requires a mapping")),
        }
    }

    fn finish(&self) -> Result<(), Fault> {
        let used_all = match self.whole {
            Object::Tuple(items) => self.position >= items.len(),
            mapping if mapping.is_mapping() || matches!(mapping, Object::List(_)) => true,
            _ => self.position >= 1,
        };
        if used_all { Ok(()) } else { Err(Fault::error("not all arguments converted during string formatting")) }
    }
}

pub(crate) fn percent_format(rendering: &Rendering<'_>, format: &str, values: &Object) -> Result<String, Fault> {
    let mut values = Values { rendering, whole: values, position: 0 };
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let directive = read_directive(&mut chars, &mut values)?;
        if directive.conversion == '%' {
            out.push('%');
            continue;
        }
        let value = match &directive.key {
            Some(key) => {
                values.position = values.position.max(1);
                values.named(key)?
            }
            None => values.next()?,
        };
        out.push_str(&convert(rendering, &directive, &value)?);
    }
    values.finish()?;
    Ok(out)
}

type Chars<'f> = std::iter::Peekable<std::str::Chars<'f>>;

fn read_directive(chars: &mut Chars<'_>, values: &mut Values<'_>) -> Result<Directive, Fault> {
    let incomplete = || Fault::error("incomplete format");
    let mut directive = Directive {
        key: None,
        alternate: false,
        zero: false,
        left: false,
        space: false,
        plus: false,
        width: None,
        precision: None,
        conversion: 's',
    };
    if chars.next_if_eq(&'(').is_some() {
        let mut key = String::new();
        loop {
            match chars.next() {
                Some(')') => break,
                Some(c) => key.push(c),
                None => return Err(Fault::error("incomplete format key")),
            }
        }
        directive.key = Some(key);
    }
    while let Some(flag) = chars.next_if(|c| "#0- +".contains(*c)) {
        match flag {
            '#' => directive.alternate = true,
            '0' => directive.zero = true,
            '-' => directive.left = true,
            ' ' => directive.space = true,
            _ => directive.plus = true,
        }
    }
    directive.width = read_number(chars, values)?.map(|width| {
        directive.left |= width < 0;
        usize::try_from(width.unsigned_abs()).unwrap_or(MAX_WIDTH)
    });
    if chars.next_if_eq(&'.').is_some() {
        let precision = read_number(chars, values)?.unwrap_or(0);
        directive.precision = Some(usize::try_from(precision).unwrap_or(0));
    }
    if directive.width.max(directive.precision).is_some_and(|length| length > MAX_WIDTH) {
        return Err(Fault::error("width too big"));
    }
    while chars.next_if(|c| matches!(c, 'h' | 'l' | 'L')).is_some() {}
    directive.conversion = chars.next().ok_or_else(incomplete)?;
    Ok(directive)
}

fn read_number(chars: &mut Chars<'_>, values: &mut Values<'_>) -> Result<Option<i64>, Fault> {
    if chars.next_if_eq(&'*').is_some() {
        return match values.next()? {
            Object::Int(width) => Ok(Some(width)),
            _ => Err(Fault::error("* wants int")),
        };
    }
    let mut digits = String::new();
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    if digits.is_empty() {
        return Ok(None);
    }
    digits.parse().map(Some).map_err(|_| Fault::error("width too big"))
}

fn convert(rendering: &Rendering<'_>, directive: &Directive, value: &Object) -> Result<String, Fault> {
    let cut = |text: String| match directive.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text,
    };
    Ok(match directive.conversion {
        's' => pad_text(directive, &cut(str(rendering, value)?)),
        'r' | 'a' => pad_text(directive, &cut(repr(rendering, value)?)),
        'c' => pad_text(directive, &character(value)?),
        'd' | 'i' | 'u' => pad_number(directive, &decimal(directive, value)?, ""),
        'x' | 'X' | 'o' => based(directive, value)?,
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => pad_number(directive, &real(directive, value)?, ""),
        other => {
            let code = other as u32;
            return Err(Fault::error(format!("unsupported format character '{other}' (0x{code:x})")));
        }
    })
}

fn character(value: &Object) -> Result<String, Fault> {
    match value {
        Object::Int(code) => u32::try_from(*code)
            .ok()
            .and_then(char::from_u32)
            .map(String::from)
            .ok_or_else(|| Fault::error("%c arg not in range(0x110000)")),
        Object::Str(text) if text.chars().count() == 1 => Ok(text.to_string()),
        _ => Err(Fault::error("%c requires int or char")),
    }
}

fn whole(directive: &Directive, value: &Object) -> Result<BigInt, Fault> {
    let truncated = match value {
        Object::Float(f) if !matches!(directive.conversion, 'x' | 'X' | 'o') => float_to_int(*f),
        _ => None,
    };
    to_big(truncated.as_ref().unwrap_or(value)).ok_or_else(|| {
        let (conversion, kind) = (directive.conversion, value.type_name());
        let wanted = if matches!(conversion, 'x' | 'X' | 'o') { "an integer" } else { "a real number" };
        Fault::error(format!("%{conversion} format: {wanted} is required, not {kind}"))
    })
}

fn decimal(directive: &Directive, value: &Object) -> Result<String, Fault> {
    let number = whole(directive, value)?;
    let digits = number.magnitude().to_string();
    let digits = format!("{digits:0>width$}", width = directive.precision.unwrap_or(0));
    Ok(if number.sign() == Sign::Minus { format!("-{digits}") } else { digits })
}

fn based(directive: &Directive, value: &Object) -> Result<String, Fault> {
    let number = whole(directive, value)?;
    let (radix, prefix) = if directive.conversion == 'o' { (8, "0o") } else { (16, "0x") };
    let digits = number.magnitude().to_str_radix(radix);
    let digits = format!("{digits:0>width$}", width = directive.precision.unwrap_or(0));
    let signed = if number.sign() == Sign::Minus { format!("-{digits}") } else { digits };
    let text = pad_number(directive, &signed, if directive.alternate { prefix } else { "" });
    Ok(if directive.conversion == 'X' { text.to_uppercase() } else { text })
}

fn real(directive: &Directive, value: &Object) -> Result<String, Fault> {
    let float = match value {
        Object::Float(f) => *f,
        Object::BigInt(big) => big_to_float(big),
        other => match other.as_i64() {
            Some(i) => i as f64,
            None => {
                return Err(Fault::error(format!("must be real number, not {}", other.type_name())));
            }
        },
    };
    let precision = directive.precision.unwrap_or(6);
    let text = match directive.conversion.to_ascii_lowercase() {
        'e' => floats::exponent(float, precision),
        'f' => floats::fixed(float, precision),
        _ => floats::general(float, precision, directive.alternate),
    };
    Ok(if directive.conversion.is_ascii_uppercase() { text.to_uppercase() } else { text })
}

fn pad_text(directive: &Directive, text: &str) -> String {
    let width = directive.width.unwrap_or(0);
    if directive.left { format!("{text:<width$}") } else { format!("{text:>width$}") }
}

fn pad_number(directive: &Directive, signed: &str, prefix: &str) -> String {
    let (sign, digits) = match signed.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None if directive.plus => ("+", signed),
        None if directive.space => (" ", signed),
        None => ("", signed),
    };
    let width = directive.width.unwrap_or(0);
    if directive.zero && !directive.left {
        let width = width.saturating_sub(sign.len() + prefix.len());
        return format!("{sign}{prefix}{digits:0>width$}");
    }
    pad_text(directive, &format!("{sign}{prefix}{digits}"))
}
