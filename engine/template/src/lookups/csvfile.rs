//! `csvfile`: a column of the row whose first column is the key.

use kapell_parsing::Text;

use super::LookupCall;
use crate::evaluate::{Fault, iterate};
use crate::object::Object;

const OPTIONS: &[&str] = &["col", "default", "delimiter", "encoding", "file", "keycol"];

struct Request {
    key: String,
    file: String,
    delimiter: char,
    column: usize,
    key_column: usize,
    /// From the term itself.
    default: Option<String>,
}

pub(super) fn csvfile(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    if call.terms.is_empty() {
        return Err(no_key());
    }
    let mut found = Vec::new();
    for term in call.texts()? {
        let request = request(call, &term)?;
        let path = call.find_file("files", &request.file);
        let path = path.ok_or_else(|| Fault::error(format!("No such file or directory: '{}'", request.file)))?;
        let (text, _) = call.read_text(&path)?;
        let mut rows = rows(&text, request.delimiter).into_iter();
        match (rows.find(|row| row.get(request.key_column) == Some(&request.key)), call.option("default")) {
            (Some(row), _) => {
                let cell = row.into_iter().nth(request.column);
                found.push(cell.ok_or_else(|| Fault::error("csvfile: list index out of range"))?.into());
            }
            (None, Some(list @ (Object::List(_) | Object::Tuple(_)))) => {
                found.extend(iterate(call.rendering, list)?.iter().cloned());
            }
            (None, _) => found.extend(request.default.map(Object::from)),
        }
    }
    Ok(found)
}

fn no_key() -> Fault {
    Fault::error("Search key is required but was not found")
}

/// The key and options of a term; options it does not name come from the call.
fn request(call: &LookupCall<'_>, term: &str) -> Result<Request, Fault> {
    let parsed = kapell_parsing::kv::parse(&Text::new(term)).map_err(|error| Fault::error(error.message))?;
    let key = parsed.rest.iter().map(Text::as_str).collect::<Vec<_>>().join(" ");
    if key.is_empty() {
        return Err(no_key());
    }
    if let Some(unknown) = parsed.pairs.keys().find(|name| !OPTIONS.contains(&name.to_string().as_str())) {
        return Err(Fault::error(format!("'{unknown}' is not a valid option")));
    }
    let option = |name: &str| -> Result<Option<String>, Fault> {
        match parsed.pairs.get(name).and_then(|value| value.as_str()) {
            Some(text) => Ok(Some(text.to_owned())),
            None => call.text_option(name),
        }
    };
    let number = |name: &str, default: usize| -> Result<usize, Fault> {
        let invalid = |text: &str| {
            Fault::error(format!("Config '{name}' for 'csvfile' lookup plugin has an invalid value: '{text}'"))
        };
        option(name)?.map_or(Ok(default), |text| text.parse().map_err(|_| invalid(&text)))
    };
    let delimiter = option("delimiter")?.unwrap_or_else(|| "TAB".into());
    let delimiter = match delimiter.as_str() {
        "TAB" | "\\t" | "t" => '\t',
        other => other.chars().next().unwrap_or('\t'),
    };
    Ok(Request {
        key,
        file: option("file")?.unwrap_or_else(|| "ansible.csv".into()),
        delimiter,
        column: number("col", 1)?,
        key_column: number("keycol", 0)?,
        default: option("default")?,
    })
}

/// Rows of cells; a cell in double quotes may hold delimiters, line ends, and doubled quotes.
fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            c if quoted => cell.push(c),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c if c == delimiter => row.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn quoted_cells_hold_delimiters_and_quotes() {
        let read = rows("a,\"b,\"\"c\"\"\"\r\n\"x\ny\",z", ',');
        assert_eq!(read, [["a", "b,\"c\""], ["x\ny", "z"]]);
    }
}
