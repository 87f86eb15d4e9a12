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
        let (exact, anchor) = self.exact_or_anchor(wanted)?;
        match exact {
            Some(index) => Ok(self.put(index, with_end(wanted.line.clone()))),
            None if wanted.backrefs => Ok(""),
            None => Ok(self.insert(wanted, anchor)),
        }
    }

    /// The last line that equals the wanted one, and where the wanted one would go. With `firstmatch` a place found
    /// first ends the search for an equal line too.
    fn exact_or_anchor(&self, wanted: &Wanted) -> Result<(Option<usize>, Option<usize>), ModuleError> {
        let (mut exact, mut anchor) = (None, None);
        for (index, line) in self.lines.iter().enumerate() {
            let place = match &wanted.insertion {
                _ if without_end(line) == wanted.line => {
                    exact = Some(index);
                    continue;
                }
                Insertion::After(regex) if regex.is_match(line)? => index + 1,
                Insertion::Before(regex) if regex.is_match(line)? => index,
                _ => continue,
            };
            anchor = Some(place);
            if wanted.first_match {
                break;
            }
        }
        Ok((exact, anchor))
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

    fn put(&mut self, index: usize, new: String) -> &'static str {
        if self.lines[index] == new {
            return "";
        }
        self.lines[index] = new;
        "line replaced"
    }

    fn insert(&mut self, wanted: &Wanted, anchor: Option<usize>) -> &'static str {
        // A line that brings its end gets another, as Ansible does it.
        let line = format!("{}\n", wanted.line);
        match (&wanted.insertion, anchor) {
            (Insertion::Top, _) => self.lines.insert(0, line),
            // It is there already, right behind the anchor.
            (Insertion::After(_), Some(index))
                if self.lines.get(index).is_some_and(|next| without_end(next) == wanted.line) =>
            {
                return "";
            }
            (_, Some(index)) if index < self.lines.len() => self.lines.insert(index, line),
            _ => {
                self.end_last_line();
                self.lines.push(line);
            }
        }
        "line added"
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
