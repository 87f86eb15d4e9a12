//! An INI file as lines: sections, options, and the least that has to change.

/// What is asked of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// `None`: the lines before any section.
    pub section: Option<String>,
    /// Options that tell which of several sections of the name is meant.
    pub section_has: Vec<(String, Vec<String>)>,
    pub option: Option<String>,
    pub values: Vec<String>,
    pub present: bool,
    /// No other values of the option may stay.
    pub exclusive: bool,
    pub no_extra_spaces: bool,
    /// A line that differs in blanks only is right already.
    pub ignore_spaces: bool,
    pub allow_no_value: bool,
    /// An option that is commented out is used rather than a new line added.
    pub modify_inactive: bool,
}

/// The new text, and what was done in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub text: String,
    pub msg: &'static str,
    pub changed: bool,
}

pub(super) fn edit(text: &str, wanted: &Wanted) -> Edit {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        lines.push(String::new());
    }
    let msg = match find_section(&lines, wanted) {
        Some(range) if wanted.present => set(&mut lines, range, wanted),
        Some(range) => remove(&mut lines, range, wanted),
        None if wanted.present => add_section(&mut lines, wanted),
        None => "OK",
    };
    // A last line gets its end even when nothing else is to be done.
    let changed = msg != "OK" || !text.is_empty() && !text.ends_with('\n');
    Edit { text: lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect(), msg, changed }
}

/// The lines of the section: the header, when there is one, and everything up to the next.
fn find_section(lines: &[String], wanted: &Wanted) -> Option<std::ops::Range<usize>> {
    let headers: Vec<usize> = (0..lines.len()).filter(|at| header(&lines[*at]).is_some()).collect();
    let end_after = |at: usize| headers.iter().copied().find(|header| *header > at).unwrap_or(lines.len());
    let Some(name) = &wanted.section else { return Some(0..headers.first().copied().unwrap_or(lines.len())) };
    let ranges = headers.iter().filter(|at| header(&lines[**at]) == Some(name.trim())).map(|at| *at..end_after(*at));
    ranges.into_iter().find(|range| {
        wanted.section_has.iter().all(|(option, values)| {
            let found: Vec<&str> =
                lines[range.clone()].iter().filter_map(|line| value_of(line, option, false)).collect();
            if values.is_empty() {
                !found.is_empty()
            } else {
                values.iter().all(|value| found.contains(&value.as_str()))
            }
        })
    })
}

fn header(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let (name, _) = line.strip_prefix('[')?.split_once(']')?;
    Some(name.trim())
}

/// The value of the option in this line; an option without `=` has an empty one.
fn value_of<'l>(line: &'l str, option: &str, inactive: bool) -> Option<&'l str> {
    let mut rest = line.trim();
    if inactive {
        rest = rest.trim_start_matches(['#', ';', ' ', '\t']);
    } else if rest.starts_with(['#', ';']) {
        return None;
    }
    let rest = rest.strip_prefix(option.trim())?;
    match rest.trim_start().strip_prefix('=') {
        Some(value) => Some(value.trim()),
        None => rest.trim().is_empty().then_some(""),
    }
}

impl Wanted {
    fn line(&self, value: Option<&str>) -> String {
        let option = self.option.as_deref().unwrap_or_default();
        match value {
            None => option.to_owned(),
            Some(value) if self.no_extra_spaces => format!("{option}={value}"),
            Some(value) => format!("{option} = {value}"),
        }
    }

    /// The lines that are to be there.
    fn lines(&self) -> Vec<String> {
        if self.option.is_none() {
            return Vec::new();
        }
        if self.values.is_empty() {
            return vec![self.line(None)];
        }
        self.values.iter().map(|value| self.line(Some(value))).collect()
    }

    fn is_same(&self, current: &str, new: &str) -> bool {
        let squeezed = |line: &str| line.split_whitespace().collect::<String>();
        current == new || (self.ignore_spaces && squeezed(current) == squeezed(new))
    }
}

fn set(lines: &mut Vec<String>, range: std::ops::Range<usize>, wanted: &Wanted) -> &'static str {
    let Some(option) = &wanted.option else { return "OK" };
    let is_comment = |line: &str| line.trim_start().starts_with(['#', ';']);
    let matching: Vec<usize> =
        range.clone().filter(|at| value_of(&lines[*at], option, wanted.modify_inactive).is_some()).collect();
    let (mut left, mut unused, mut msg) = (wanted.lines(), Vec::new(), "OK");
    // Lines that have a wanted value already.
    for at in matching {
        let value = value_of(&lines[at], option, true).unwrap_or_default().to_owned();
        let same_value = |new: &String| value_of(new, option, false) == Some(value.as_str());
        match left.iter().position(same_value) {
            Some(place) => {
                let new = left.remove(place);
                if !wanted.is_same(&lines[at], &new) {
                    lines[at] = new;
                    msg = "option changed";
                }
            }
            None => unused.push(at),
        }
    }
    if wanted.exclusive {
        // Other lines of the option take the values that are left.
        let mut surplus = Vec::new();
        for at in unused {
            if !left.is_empty() {
                lines[at] = left.remove(0);
                msg = "option changed";
            } else if !is_comment(&lines[at]) {
                surplus.push(at);
            }
        }
        surplus.sort_unstable();
        for at in surplus.into_iter().rev() {
            lines.remove(at);
            msg = "option changed";
        }
    }
    if left.is_empty() {
        return msg;
    }
    let section = find_section(lines, wanted).unwrap_or(range);
    let is_content = |line: &str| !line.trim().is_empty() && !is_comment(line);
    let after = section.clone().rev().find(|at| is_content(&lines[*at])).map_or(section.start, |at| at + 1);
    lines.splice(after..after, left);
    "option added"
}

fn remove(lines: &mut Vec<String>, range: std::ops::Range<usize>, wanted: &Wanted) -> &'static str {
    let Some(option) = &wanted.option else {
        if wanted.section.is_none() || range.is_empty() {
            return "OK";
        }
        lines.drain(range);
        return "section removed";
    };
    let goes = |line: &str| match value_of(line, option, false) {
        Some(value) => wanted.exclusive || wanted.values.is_empty() || wanted.values.iter().any(|gone| gone == value),
        None => false,
    };
    let gone: Vec<usize> = range.filter(|at| goes(&lines[*at])).collect();
    for at in gone.iter().rev() {
        lines.remove(*at);
    }
    if gone.is_empty() { "OK" } else { "option changed" }
}

fn add_section(lines: &mut Vec<String>, wanted: &Wanted) -> &'static str {
    lines.push(format!("[{}]", wanted.section.as_deref().unwrap_or_default()));
    for (option, values) in &wanted.section_has {
        let with_option = Wanted { option: Some(option.clone()), values: values.clone(), ..wanted.clone() };
        lines.extend(with_option.lines());
    }
    lines.extend(wanted.lines());
    if wanted.option.is_some() { "section and option added" } else { "only section added" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "; top\n[drinks]\nfav=lemonade\n# temp = x\n\n[food]\npizza = yes\nlist=1\nlist=2\n";

    fn wanted(section: &str, option: &str, values: &[&str]) -> Wanted {
        Wanted {
            section: Some(section.to_owned()),
            option: Some(option.to_owned()),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            present: true,
            exclusive: true,
            modify_inactive: true,
            ..Wanted::default()
        }
    }

    fn check(wanted: &Wanted, from: &str, to: &str, msg: &str) {
        let edit = edit(TEXT, wanted);
        assert_eq!((edit.text, edit.msg), (TEXT.replace(from, to), msg), "{wanted:?}");
    }

    #[test]
    fn options_are_set_where_they_are() {
        check(&wanted("drinks", "fav", &["water"]), "fav=lemonade", "fav = water", "option changed");
        check(&wanted("food", "pizza", &["yes"]), "", "", "OK");
        check(&wanted("drinks", "temp", &["50"]), "# temp = x", "temp = 50", "option changed");
        check(&wanted("food", "list", &["1", "3"]), "list=1\nlist=2", "list = 1\nlist = 3", "option changed");
        check(&wanted("food", "list", &["1"]), "list=1\nlist=2\n", "list = 1\n", "option changed");
        let spaces = Wanted { ignore_spaces: true, ..wanted("drinks", "fav", &["lemonade"]) };
        check(&spaces, "", "", "OK");
    }

    #[test]
    fn options_and_sections_are_added() {
        let tight = Wanted { no_extra_spaces: true, ..wanted("drinks", "new", &["1"]) };
        check(&tight, "fav=lemonade\n", "fav=lemonade\nnew=1\n", "option added");
        let more = Wanted { exclusive: false, ..wanted("food", "list", &["9"]) };
        check(&more, "list=2\n", "list=2\nlist = 9\n", "option added");
        check(&wanted("cars", "vw", &["golf"]), "list=2\n", "list=2\n[cars]\nvw = golf\n", "section and option added");
        let global = Wanted { section: None, ..wanted("", "g", &["x"]) };
        check(&global, "; top", "g = x\n; top", "option added");
        let flag = Wanted { allow_no_value: true, ..wanted("food", "flag", &[]) };
        check(&flag, "list=2\n", "list=2\nflag\n", "option added");
    }

    #[test]
    fn options_and_sections_are_removed() {
        let absent =
            |section: &str, option: &str, values: &[&str]| Wanted { present: false, ..wanted(section, option, values) };
        check(&absent("food", "pizza", &[]), "pizza = yes\n", "", "option changed");
        check(&absent("food", "nosuch", &[]), "", "", "OK");
        let one = Wanted { exclusive: false, ..absent("food", "list", &["2"]) };
        check(&one, "list=2\n", "", "option changed");
        let section = Wanted { option: None, ..absent("drinks", "", &[]) };
        check(&section, "[drinks]\nfav=lemonade\n# temp = x\n\n", "", "section removed");
        check(&Wanted { section: Some("no".to_owned()), ..section }, "", "", "OK");
    }
}
