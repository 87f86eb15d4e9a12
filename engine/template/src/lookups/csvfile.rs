//! `csvfile`: a column of the row whose first column is the key.

use kapell_parsing::Text;

use super::LookupCall;
use crate::evaluate::Fault;
use crate::object::Object;

const OPTIONS: &[&str] = &["col", "default", "delimiter", "encoding", "file", "keycol"];

pub(super) fn csvfile(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let mut found = Vec::new();
    if call.terms.is_empty() {
        return Err(Fault::error("Search key is required but was not found"));
    }
    for term in call.texts()? {
        let parsed =
            kapell_parsing::kv::parse(&Text::new(term.as_str())).map_err(|error| Fault::error(error.message))?;
        if let Some(unknown) = parsed.pairs.keys().find(|name| !OPTIONS.contains(&name.to_string().as_str())) {
            return Err(Fault::error(format!("'{unknown}' is not a valid option")));
        }
        let option = |name: &str| -> Result<Option<String>, Fault> {
            match parsed.pairs.get(name).and_then(|value| value.as_str()) {
                Some(text) => Ok(Some(text.to_owned())),
                None => call.text_option(name),
            }
        };
        let key = parsed.rest.iter().map(Text::as_str).collect::<Vec<_>>().join(" ");
        if key.is_empty() {
            return Err(Fault::error("Search key is required but was not found"));
        }
        let number = |name: &str, default: usize| -> Result<usize, Fault> {
            match option(name)? {
                Some(text) => text.parse().map_err(|_| Fault::error(format!("{name} must be a number, not '{text}'"))),
                None => Ok(default),
            }
        };
        let file = option("file")?.unwrap_or_else(|| "ansible.csv".into());
        let delimiter = option("delimiter")?.unwrap_or_else(|| "TAB".into());
        let delimiter = if matches!(delimiter.as_str(), "TAB" | "\\t" | "t") {
            '\t'
        } else {
            delimiter.chars().next().unwrap_or('\t')
        };
        let path = call.find_file("files", &file);
        let path = path.ok_or_else(|| Fault::error(format!("could not locate file in lookup: {file}")))?;
        let (text, _) = call.read_text(&path)?;
        let (column, key_column) = (number("col", 1)?, number("keycol", 0)?);
        let row = rows(&text, delimiter).into_iter().find(|row| row.get(key_column) == Some(&key));
        match row {
            Some(row) => match row.into_iter().nth(column) {
                Some(cell) => found.push(cell.into()),
                None => return Err(Fault::error("csvfile: list index out of range")),
            },
            None => {
                if let Some(default) = option("default")? {
                    found.push(default.into());
                }
            }
        }
    }
    Ok(found)
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
