//! A block between its markers, and its place in a text.

use crate::ModuleError;
use crate::lines::split_byte_lines;
use crate::python_regex::PythonRegex;

pub(super) struct Block {
    /// False when the block is to go: then nothing is put around its place either.
    pub(super) present: bool,
    /// The marker lines, with their ends.
    pub(super) begin: String,
    pub(super) end: String,
    pub(super) content: String,
    pub(super) insertion: Insertion,
    pub(super) empty_line_before: bool,
    pub(super) empty_line_after: bool,
}

/// Where a new block goes. The flag says that the pattern is for the whole text.
pub(super) enum Insertion {
    Top,
    Bottom,
    After(PythonRegex, bool),
    Before(PythonRegex, bool),
}

impl Block {
    pub(super) fn is_empty(&self) -> bool {
        self.content.is_empty()
    }

    /// The text with the block in it, in place of the one that was there; without it when it is empty.
    pub(super) fn put_into(&self, text: &str) -> Result<String, ModuleError> {
        let mut lines: Vec<String> = split_byte_lines(text).into_iter().map(str::to_owned).collect();
        let begin = lines.iter().rposition(|line| *line == self.begin);
        let end = lines.iter().rposition(|line| *line == self.end);
        let mut at = match (begin, end) {
            (Some(begin), Some(end)) => {
                let (first, last) = (begin.min(end), begin.max(end));
                lines.drain(first..=last);
                first
            }
            _ => self.new_place(text, &lines)?,
        };
        if let Some(before) =
            at.checked_sub(1).and_then(|before| lines.get_mut(before)).filter(|line| !line.ends_with('\n'))
        {
            before.push('\n');
        }
        let own = self.lines();
        if self.present && self.empty_line_before && at > 0 && lines[at - 1] != "\n" {
            lines.insert(at, "\n".to_owned());
            at += 1;
        }
        let behind = at + own.len();
        lines.splice(at..at, own);
        if self.present && self.empty_line_after && behind < lines.len() && lines[behind] != "\n" {
            lines.insert(behind, "\n".to_owned());
        }
        Ok(lines.concat())
    }

    fn lines(&self) -> Vec<String> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut content: Vec<String> = self.content.split_inclusive('\n').map(str::to_owned).collect();
        if let Some(last) = content.last_mut().filter(|last| !last.ends_with('\n')) {
            last.push('\n');
        }
        [vec![self.begin.clone()], content, vec![self.end.clone()]].concat()
    }

    fn new_place(&self, text: &str, lines: &[String]) -> Result<usize, ModuleError> {
        let (regex, spans, after) = match &self.insertion {
            Insertion::Top => return Ok(0),
            Insertion::Bottom => return Ok(lines.len()),
            Insertion::After(regex, spans) => (regex, *spans, true),
            Insertion::Before(regex, spans) => (regex, *spans, false),
        };
        if spans {
            let found = regex.search(text)?.and_then(|found| found.get(0));
            let at = found.map(|found| if after { found.end() } else { found.start() });
            return Ok(at
                .map_or(lines.len(), |at| {
                    let line = text[..at].matches('\n').count();
                    if after { line + 1 } else { line }
                })
                .min(lines.len()));
        }
        let mut place = lines.len();
        for (index, line) in lines.iter().enumerate() {
            if regex.is_match(line)? {
                place = if after { index + 1 } else { index };
            }
        }
        Ok(place)
    }
}
