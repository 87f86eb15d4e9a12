//! `sources.list` files in the one-line format, line by line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::{Context, ModuleError};

const LIST: &str = "/etc/apt/sources.list";
const PARTS: &str = "/etc/apt/sources.list.d";

/// One line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    text: String,
    /// The source of the line in its normal form, and whether it is in use.
    source: Option<(String, bool)>,
}

impl Line {
    fn parse(text: &str) -> Self {
        let trimmed = text.trim();
        let (enabled, candidate) = match trimmed.strip_prefix('#') {
            Some(rest) => (false, rest.trim()),
            None => (true, trimmed),
        };
        let source = normal_form(candidate).map(|source| (source, enabled));
        Self { text: text.to_owned(), source }
    }
}

/// The source with single blanks and without a comment; `None` when it is no source.
pub(super) fn normal_form(text: &str) -> Option<String> {
    let text = text.split('#').next().unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().collect();
    let kind = *words.first()?;
    let is_source = matches!(kind, "deb" | "deb-src") && words.len() >= 3;
    is_source.then(|| words.join(" "))
}

/// All one-line sources of the node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sources {
    files: BTreeMap<PathBuf, Vec<Line>>,
}

impl Sources {
    pub(super) fn read(cx: &Context<'_>) -> Result<Self, ModuleError> {
        let mut paths = vec![PathBuf::from(LIST)];
        let parts = cx.list_dir(PARTS).unwrap_or_default();
        paths.extend(parts.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "list")));
        let mut sources = Self::default();
        for path in paths {
            if let Some(text) = cx.read_text(&path)? {
                sources.insert(path, &text);
            }
        }
        Ok(sources)
    }

    fn insert(&mut self, path: PathBuf, text: &str) {
        self.files.insert(path, text.lines().map(Line::parse).collect());
    }

    /// Makes sure the source is in use: where it is, or at the end of `file`.
    pub(super) fn add(&mut self, source: &str, file: &Path) {
        for line in self.files.values_mut().flatten() {
            if let Some((_, enabled)) = line.source.as_mut().filter(|(known, _)| known == source) {
                if !*enabled {
                    source.clone_into(&mut line.text);
                    *enabled = true;
                }
                return;
            }
        }
        self.files.entry(file.to_owned()).or_default().push(Line::parse(source));
    }

    pub(super) fn remove(&mut self, source: &str) {
        for lines in self.files.values_mut() {
            lines.retain(|line| line.source.as_ref().is_none_or(|(known, enabled)| known != source || !*enabled));
        }
    }

    /// The text of every file; a file without a line is not to exist.
    pub(super) fn texts(&self) -> BTreeMap<PathBuf, Option<String>> {
        let text = |lines: &Vec<Line>| {
            let text: String = lines.iter().flat_map(|line| [line.text.as_str(), "\n"]).collect();
            (!lines.is_empty()).then_some(text)
        };
        self.files.iter().map(|(path, lines)| (path.clone(), text(lines))).collect()
    }
}

/// The file a source goes to: the one that was asked for, or one named after its address.
pub(super) fn file_for(source: &str, wanted: Option<&str>) -> PathBuf {
    let name = match wanted {
        Some(name) => name.to_owned(),
        None => suggested_name(source),
    };
    let name = if name.ends_with(".list") { name } else { format!("{name}.list") };
    Path::new(PARTS).join(name)
}

fn suggested_name(source: &str) -> String {
    let without_options = match (source.find('['), source.find(']')) {
        (Some(start), Some(end)) if start < end => format!("{} {}", &source[..start], &source[end + 1..]),
        _ => source.to_owned(),
    };
    let address = without_options.split_whitespace().nth(1).unwrap_or_default();
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let address = address.rsplit_once('@').map_or(address, |(_, rest)| rest);
    address.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Sources {
        let mut sources = Sources::default();
        sources.insert(PathBuf::from("/a.list"), "# mine\ndeb http://x sid  main # note\n#deb http://y sid main\n");
        sources
    }

    #[test]
    fn sources_are_added_enabled_and_removed() {
        let file = Path::new("/b.list");
        let mut changed = sources();
        changed.add("deb http://x sid main", file);
        assert_eq!(changed, sources());
        changed.add("deb http://y sid main", file);
        changed.add("deb http://z sid main", file);
        let texts = changed.texts();
        assert_eq!(
            texts[Path::new("/a.list")].as_deref(),
            Some("# mine\ndeb http://x sid  main # note\ndeb http://y sid main\n")
        );
        assert_eq!(texts[file].as_deref(), Some("deb http://z sid main\n"));
        changed.remove("deb http://z sid main");
        assert_eq!(changed.texts()[file], None);
    }

    #[test]
    fn sources_have_a_normal_form_and_a_file() {
        assert_eq!(normal_form("deb  http://x   sid main # c").as_deref(), Some("deb http://x sid main"));
        assert_eq!(normal_form("garbage"), None);
        let cases = [
            ("deb http://deb.debian.org/debian sid main", "deb_debian_org_debian.list"),
            ("deb [arch=amd64 signed-by=/k] https://u:p@h.example:80/x/ sid main", "h_example_80_x.list"),
        ];
        for (source, name) in cases {
            assert_eq!(file_for(source, None), Path::new(PARTS).join(name));
        }
        assert_eq!(file_for("deb http://x sid main", Some("docker")), Path::new(PARTS).join("docker.list"));
    }
}
