//! The lines of a file, and the plan for one of them: replaced, added or removed.

use crate::ModuleError;
use crate::python_regex::PythonRegex;

/// Lines with their ends.
pub(super) struct Lines {
    lines: Vec<String>,
}

/// How a line is found.
pub(super) enum Place {
    None,
    Matching(PythonRegex),
    Containing(String),
    /// The line itself, whatever its end.
    Exactly(String),
}

/// Where a line goes that is not there yet.
pub(super) enum Insertion {
    Top,
    Bottom,
    After(PythonRegex),
    Before(PythonRegex),
}

pub(super) struct Wanted {
    pub(super) line: String,
    pub(super) place: Place,
    pub(super) insertion: Insertion,
    pub(super) backrefs: bool,
    pub(super) first_match: bool,
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Self { lines: text.split_inclusive('\n').map(str::to_owned).collect() }
    }

    pub(super) fn text(&self) -> String {
        self.lines.concat()
    }

    /// Removes every line at the place; returns how many.
    pub(super) fn remove(&mut self, place: &Place) -> Result<usize, ModuleError> {
        let before = self.lines.len();
        let mut kept = Vec::with_capacity(before);
        for line in std::mem::take(&mut self.lines) {
            if !place.is_at(&line)? {
                kept.push(line);
            }
        }
        self.lines = kept;
        Ok(before - self.lines.len())
    }

    /// Makes the wanted line be there; says what that took, nothing if it was there.
    pub(super) fn ensure(&mut self, wanted: &Wanted) -> Result<&'static str, ModuleError> {
        if let Some(index) = self.find(&wanted.place, wanted.first_match)? {
            return self.replace(index, wanted);
        }
        if wanted.backrefs {
            return Ok("");
        }
        // The last line that equals the wanted one is the one that counts.
        if self.lines.iter().any(|line| without_end(line) == wanted.line) {
            return Ok(self.normalise(wanted));
        }
        self.insert(wanted)
    }

    fn find(&self, place: &Place, first: bool) -> Result<Option<usize>, ModuleError> {
        let mut found = None;
        for (index, line) in self.lines.iter().enumerate() {
            if place.is_at(line)? {
                found = Some(index);
                if first {
                    break;
                }
            }
        }
        Ok(found)
    }

    fn replace(&mut self, index: usize, wanted: &Wanted) -> Result<&'static str, ModuleError> {
        let new = match &wanted.place {
            Place::Matching(regex) if wanted.backrefs => match regex.search(&self.lines[index])? {
                Some(captures) => with_end(regex.expand(&captures, &wanted.line)?),
                None => return Ok(""),
            },
            _ => with_end(wanted.line.clone()),
        };
        Ok(self.put(index, new))
    }

    /// The line is there, perhaps with another end.
    fn normalise(&mut self, wanted: &Wanted) -> &'static str {
        let index = self.lines.iter().rposition(|line| without_end(line) == wanted.line);
        index.map_or("", |index| self.put(index, with_end(wanted.line.clone())))
    }

    fn put(&mut self, index: usize, new: String) -> &'static str {
        if self.lines[index] == new {
            return "";
        }
        self.lines[index] = new;
        "line replaced"
    }

    fn insert(&mut self, wanted: &Wanted) -> Result<&'static str, ModuleError> {
        let line = with_end(wanted.line.clone());
        let anchor = match &wanted.insertion {
            Insertion::Top => Some(0),
            Insertion::Bottom => None,
            Insertion::After(regex) => self.find_match(regex, wanted.first_match)?.map(|index| index + 1),
            Insertion::Before(regex) => self.find_match(regex, wanted.first_match)?,
        };
        match anchor {
            Some(index) if index < self.lines.len() || index == 0 && self.lines.is_empty() => {
                self.lines.insert(index, line);
            }
            _ => {
                self.end_last_line();
                self.lines.push(line);
            }
        }
        Ok("line added")
    }

    fn find_match(&self, regex: &PythonRegex, first: bool) -> Result<Option<usize>, ModuleError> {
        let mut found = None;
        for (index, line) in self.lines.iter().enumerate() {
            if regex.is_match(line)? {
                found = Some(index);
                if first {
                    break;
                }
            }
        }
        Ok(found)
    }

    fn end_last_line(&mut self) {
        if let Some(last) = self.lines.last_mut().filter(|last| !last.ends_with(['\n', '\r'])) {
            last.push('\n');
        }
    }
}

impl Place {
    fn is_at(&self, line: &str) -> Result<bool, ModuleError> {
        match self {
            Self::None => Ok(false),
            Self::Matching(regex) => regex.is_match(line),
            Self::Containing(text) => Ok(line.contains(text.as_str())),
            Self::Exactly(text) => Ok(without_end(line) == text),
        }
    }
}

fn without_end(line: &str) -> &str {
    line.trim_end_matches(['\r', '\n'])
}

fn with_end(mut line: String) -> String {
    if !line.ends_with('\n') {
        line.push('\n');
    }
    line
}
