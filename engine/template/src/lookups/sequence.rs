//! `sequence`: numbers from a start to an end, formatted.

use kapell_parsing::Text;

use super::LookupCall;
use crate::evaluate::Fault;
use crate::object::Object;
use crate::python;

const LONGEST: i64 = 10_000_000;

#[derive(Default)]
struct Sequence {
    start: Option<i64>,
    end: Option<i64>,
    count: Option<i64>,
    stride: Option<i64>,
    format: Option<String>,
}

/// A whole number, even one written with a decimal point.
fn integer(text: &str) -> Option<i64> {
    let whole =
        text.split_once('.').filter(|(_, zeros)| zeros.bytes().all(|b| b == b'0')).map_or(text, |(whole, _)| whole);
    python::parse_int(whole, 10).and_then(|number| number.as_i64())
}

impl Sequence {
    fn is_blank(&self) -> bool {
        self.format.is_none() && [self.start, self.end, self.count, self.stride].iter().all(Option::is_none)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<bool, Fault> {
        let invalid = || {
            Fault::error(format!(
                "Config '{name}' for 'sequence' lookup plugin from 'Direct' has an invalid value: Invalid value provided for 'integer': {}",
                kapell_parsing::value::str_repr(value)
            ))
        };
        let number = || integer(value).map(Some).ok_or_else(invalid);
        match name {
            "start" => self.start = number()?,
            "end" => self.end = number()?,
            "count" => self.count = number()?,
            "stride" => self.stride = number()?,
            "format" => self.format = Some(value.to_owned()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `[start-]end[/stride][:format]`; nothing in it is negative.
    fn shortcut(text: &str) -> Option<Result<Self, Fault>> {
        let (numbers, format) = text.split_once(':').map_or((text, None), |(n, format)| (n, Some(format)));
        let (range, stride) = numbers.split_once('/').map_or((numbers, None), |(r, stride)| (r, Some(stride)));
        let (start, end) = range.split_once('-').map_or((None, range), |(start, end)| (Some(start), end));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'x');
        let parts = [("start", start), ("end", Some(end)), ("stride", stride)];
        if parts.iter().any(|(_, part)| part.is_some_and(|part| !is_number(part))) {
            return None;
        }
        let mut sequence = Self { format: format.map(ToOwned::to_owned), ..Self::default() };
        let given = parts.into_iter().filter_map(|(name, part)| Some((name, part?)));
        let set = given.map(|(name, part)| sequence.set(name, part)).collect::<Result<Vec<_>, Fault>>();
        Some(set.map(|_| sequence))
    }

    fn numbers(&self) -> Result<Vec<i64>, Fault> {
        let start = self.start.unwrap_or(1);
        let stride = self.stride.unwrap_or(1);
        let end = match (self.count, self.end) {
            (None, None) => return Err(Fault::error("must specify count or end in with_sequence")),
            (Some(_), Some(_)) => return Err(Fault::error("can't specify both count and end in with_sequence")),
            (Some(0), None) => return Ok(Vec::new()),
            // Counting backwards, this is not the last number: that is Ansible's own arithmetic.
            (Some(count), None) => start.saturating_add(count.saturating_mul(stride)).saturating_sub(1),
            (None, Some(end)) => end,
        };
        if stride > 0 && end < start {
            return Err(Fault::error("to count backwards make stride negative"));
        }
        if stride < 0 && end > start {
            return Err(Fault::error("to count forward don't make stride negative"));
        }
        if stride == 0 {
            return Ok(Vec::new());
        }
        if (end.saturating_sub(start) / stride) > LONGEST {
            return Err(Fault::error("the sequence is too long"));
        }
        let last = |at: &i64| if stride > 0 { *at <= end } else { *at >= end };
        Ok(std::iter::successors(Some(start), |at| at.checked_add(stride)).take_while(last).collect())
    }
}

fn of_term(term: &str) -> Result<Sequence, Fault> {
    if let Some(sequence) = Sequence::shortcut(term) {
        return sequence;
    }
    let pairs = kapell_parsing::kv::parse(&Text::new(term)).map_err(|error| Fault::error(error.message))?;
    let mut sequence = Sequence::default();
    let mut unknown = Vec::new();
    for (key, value) in &pairs.pairs {
        let name = key.to_string();
        if !sequence.set(&name, value.as_str().unwrap_or_default())? {
            unknown.push(format!("'{name}'"));
        }
    }
    if !pairs.rest.is_empty() {
        unknown.push("'_raw_params'".to_owned());
    }
    if unknown.is_empty() {
        Ok(sequence)
    } else {
        Err(Fault::error(format!("unrecognized arguments to with_sequence: [{}]", unknown.join(", "))))
    }
}

pub(super) fn sequence(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let mut sequences = call.texts()?.iter().map(|term| of_term(term)).collect::<Result<Vec<_>, _>>()?;
    let mut options = Sequence::default();
    for (name, object) in &call.options {
        options.set(name, &python::str(call.rendering, object)?)?;
    }
    if sequences.is_empty() && options.is_blank() {
        return Ok(Vec::new());
    }
    if sequences.is_empty() {
        sequences.push(Sequence::default());
    }
    let mut found = Vec::new();
    for mut sequence in sequences {
        sequence.start = sequence.start.or(options.start);
        sequence.end = sequence.end.or(options.end);
        sequence.count = sequence.count.or(options.count);
        sequence.stride = sequence.stride.or(options.stride);
        let format = sequence.format.clone().or_else(|| options.format.clone());
        let format = format.unwrap_or_else(|| "%d".into());
        if format.matches('%').count() != 1 {
            return Err(Fault::error(format!("bad formatting string: {format}")));
        }
        let numbers = sequence.numbers()?;
        call.rendering.spend(numbers.len())?;
        for number in numbers {
            let text = python::percent_format(call.rendering, &format, &Object::Int(number))
                .map_err(|_| Fault::error(format!("problem formatting {number} with '{format}'")))?;
            found.push(text.into());
        }
    }
    Ok(found)
}
