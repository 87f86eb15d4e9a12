//! What a server answers: rows as the client writes them in XML, and the types of their columns.
//!
//! The client writes either values that can be told from NULL or the types of columns, never both. So the types are asked
//! afterwards, with statements that only read, and without a row being read again.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use super::super::session::{NamedRow as Row, Session};
use super::first_word;
use crate::{Context, ModuleError};

/// The column that tells the end of an answer.
const MARK: &str = "kapell_affected";
/// Verbs of statements that only read.
const READING: &[&str] = &["SELECT", "SHOW", "WITH", "EXPLAIN", "DESCRIBE", "DESC", "VALUES", "TABLE"];

/// The answer to one statement.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) rows: Vec<Row>,
    /// Rows that were found or changed.
    pub(super) affected: i64,
    pub(super) milliseconds: f64,
}

/// Runs the statements in one session. When one fails, the answers before it and what the server said about it.
pub(super) fn ask(
    session: &Session,
    queries: &[String],
    transaction: bool,
    cx: &mut Context<'_>,
) -> Result<(Vec<Answer>, Option<String>), ModuleError> {
    let mark = format!("SELECT ROW_COUNT() AS {MARK}, UNIX_TIMESTAMP(SYSDATE(6)) AS at");
    let mut statements = vec![mark.clone()];
    if transaction {
        statements.insert(0, "START TRANSACTION".to_owned());
    }
    for query in queries {
        statements.extend([query.trim().trim_end_matches(';').to_owned(), mark.clone()]);
    }
    if transaction {
        statements.push("COMMIT".to_owned());
    }
    let output = session.run_script(&["--xml", "--comments"], &statements, cx)?;
    let sets = result_sets(&output.text).map_err(ModuleError::failed)?;
    let (mut answers, mut rows, mut began) = (Vec::new(), Vec::new(), None);
    for mut set in sets {
        let marks = set.first().and_then(|row| row.first()).is_some_and(|(name, _)| name == MARK);
        if !marks {
            rows.append(&mut set);
            continue;
        }
        let number =
            |at: usize| set.first().and_then(|row| row.get(at)?.1.as_deref()?.parse::<f64>().ok()).unwrap_or_default();
        let (affected, now) = (number(0) as i64, number(1));
        if let Some(began) = began.replace(now) {
            let answer: Vec<_> = std::mem::take(&mut rows);
            // A statement that finds rows affects none.
            let affected = if affected < 0 { answer.len() as i64 } else { affected };
            let milliseconds = ((now - began) * 1e7).round() / 1e4;
            answers.push(Answer { rows: answer, affected, milliseconds });
        }
    }
    Ok((answers, output.problem))
}

/// Every `<resultset>` the client wrote.
fn result_sets(text: &str) -> Result<Vec<Vec<Row>>, String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    let mut sets: Vec<Vec<Row>> = Vec::new();
    let mut field: Option<String> = None;
    let unescape = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
    };
    loop {
        let event = reader.read_event().map_err(|error| format!("the client's answer cannot be read: {error}"))?;
        match event {
            Event::Eof => return Ok(sets),
            Event::Start(start) | Event::Empty(start) if start.name().as_ref() == b"resultset" => sets.push(Vec::new()),
            Event::Start(start) if start.name().as_ref() == b"row" => {
                sets.last_mut().into_iter().for_each(|set| set.push(Row::new()));
            }
            Event::Start(start) if start.name().as_ref() == b"field" => {
                field = Some(String::new());
                add(&mut sets, column(&start, unescape), Some(String::new()));
            }
            Event::Empty(start) if start.name().as_ref() == b"field" => add(&mut sets, column(&start, unescape), None),
            Event::Text(part) => {
                if let Some(text) = &mut field {
                    text.push_str(&unescape(&part));
                }
            }
            Event::GeneralRef(name) => {
                if let Some(text) = &mut field {
                    text.push_str(&unescape(format!("&{};", String::from_utf8_lossy(&name)).as_bytes()));
                }
            }
            Event::End(end) if end.name().as_ref() == b"field" => {
                let value = field.take();
                if let Some(last) = sets.last_mut().and_then(|set| set.last_mut()?.last_mut()) {
                    last.1 = value;
                }
            }
            _ => {}
        }
    }
}

fn add(sets: &mut [Vec<Row>], name: String, value: Option<String>) {
    if let Some(row) = sets.last_mut().and_then(|set| set.last_mut()) {
        row.push((name, value));
    }
}

fn column(start: &quick_xml::events::BytesStart<'_>, unescape: impl Fn(&[u8]) -> String) -> String {
    let name = start.attributes().flatten().find(|attribute| attribute.key.as_ref() == b"name");
    name.map(|name| unescape(&name.value)).unwrap_or_default()
}

/// The types of the columns of an answer; without them, what looks like a number is one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Types(Option<Vec<String>>);

impl Types {
    pub(super) fn value(&self, column: usize, text: &str) -> Value {
        let kind = self.0.as_ref().map(|types| types.get(column).map_or("", String::as_str));
        let number = || text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<u64>().map(Value::from));
        match kind {
            Some("TINY" | "SHORT" | "INT24" | "LONG" | "LONGLONG" | "YEAR") => number().unwrap_or_else(|_| text.into()),
            Some("FLOAT" | "DOUBLE" | "DECIMAL" | "NEWDECIMAL") => {
                text.parse::<f64>().map_or_else(|_| text.into(), Value::from)
            }
            Some("DATETIME" | "TIMESTAMP") => iso(text).into(),
            Some(_) => text.into(),
            // What is written as a number is written, `007` is not.
            None => {
                let written = number().map_or_else(|_| String::new(), |value| value.to_string());
                number().ok().filter(|_| written == text).unwrap_or_else(|| text.into())
            }
        }
    }
}

/// `2020-01-02 03:04:05.25` as `2020-01-02T03:04:05.250000`.
fn iso(text: &str) -> String {
    let text = text.replacen(' ', "T", 1);
    match text.split_once('.') {
        Some((seconds, fraction)) if fraction.bytes().all(|digit| digit == b'0') => seconds.to_owned(),
        Some((seconds, fraction)) => format!("{seconds}.{fraction:0<6}"),
        None => text,
    }
}

/// The types of each answer's columns, from statements that read.
pub(super) fn types(
    session: &Session,
    queries: &[String],
    answers: &[Answer],
    cx: &mut Context<'_>,
) -> Result<Vec<Types>, ModuleError> {
    let reads = |query: &&String| {
        READING.contains(&first_word(query).as_str())
            && !query.to_uppercase().split_whitespace().any(|word| word == "INTO")
    };
    let asked: Vec<bool> =
        queries.iter().zip(answers).map(|(query, answer)| !answer.rows.is_empty() && reads(&query)).collect();
    let mut types: Vec<Types> = queries.iter().map(|_| Types::default()).collect();
    if !asked.contains(&true) {
        return Ok(types);
    }
    let mark = format!("SELECT 1 AS {MARK}");
    let mut statements = vec!["SET SESSION sql_select_limit = 0".to_owned(), mark.clone()];
    for (query, asked) in queries.iter().zip(&asked) {
        let query = if *asked { query.trim().trim_end_matches(';').to_owned() } else { "SELECT 1".to_owned() };
        statements.extend([query, mark.clone()]);
    }
    let output = session.run_script(&["--table", "--column-type-info", "--force"], &statements, cx)?;
    let mut parts = fields(&output.text).into_iter();
    for (types, asked) in types.iter_mut().zip(asked) {
        let found = parts.next();
        if asked && let Some(found) = found.filter(|found| !found.is_empty()) {
            *types = Types(Some(found));
        }
    }
    Ok(types)
}

/// The types of columns between two marks, for every two.
fn fields(text: &str) -> Vec<Vec<String>> {
    let (mut parts, mut part, mut marked) = (Vec::new(), Vec::new(), false);
    let mut name = None;
    for line in text.lines() {
        if let Some((_, rest)) = line.strip_prefix("Field ").and_then(|rest| rest.split_once(":  `")) {
            name = Some(rest.trim_end_matches('`').to_owned());
        } else if let Some(kind) = line.strip_prefix("Type:") {
            match name.take() {
                Some(name) if name == MARK => {
                    let done = std::mem::take(&mut part);
                    if marked {
                        parts.push(done);
                    }
                    marked = true;
                }
                Some(_) => part.push(kind.trim().split(' ').next().unwrap_or_default().to_owned()),
                None => {}
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn result_sets_are_read() {
        let text = "<?xml version=\"1.0\"?>\n\n<resultset statement=\"SELECT 'a&lt;b'\n\" xmlns:xsi=\"x\">\n  <row>\n\
                    \t<field name=\"a &quot;x&quot;\">1&amp;&lt;\n\r</field>\n\t<field name=\"n\" xsi:nil=\"true\" />\n  </row>\n\
                    </resultset>\n<?xml version=\"1.0\"?>\n\n<resultset statement=\"x\"></resultset>\n";
        let sets = result_sets(text).unwrap();
        let row = vec![("a \"x\"".to_owned(), Some("1&<\n\r".to_owned())), ("n".to_owned(), None)];
        assert_eq!(sets, [vec![row], vec![]]);
    }

    #[test]
    fn types_make_values() {
        let text = format!(
            "Field   1:  `{MARK}`\nType:       LONG\nField   1:  `a`\nType:       NEWDECIMAL\nField   2:  `b`\n\
                            Type:       VAR_STRING\n| Field | x |\nField   1:  `{MARK}`\nType:       LONG\n"
        );
        assert_eq!(fields(&text), [vec!["NEWDECIMAL".to_owned(), "VAR_STRING".to_owned()]]);
        let types = Types(Some(vec!["LONG".to_owned(), "VAR_STRING".to_owned(), "DATETIME".to_owned()]));
        assert_eq!((types.value(0, "7"), types.value(1, "7")), (json!(7), json!("7")));
        assert_eq!(types.value(2, "2020-01-02 03:04:05.25"), json!("2020-01-02T03:04:05.250000"));
        assert_eq!((Types::default().value(0, "7"), Types::default().value(0, "007")), (json!(7), json!("007")));
    }
}
