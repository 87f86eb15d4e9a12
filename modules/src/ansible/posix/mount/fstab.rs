//! fstab(5): lines with six fields, blanks in them escaped.

/// One file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub src: String,
    pub path: String,
    pub fstype: String,
    pub opts: String,
    pub dump: String,
    pub passno: String,
}

impl Entry {
    /// `None` for comments and lines that describe nothing.
    fn parse(line: &str) -> Option<Self> {
        let line = line.trim();
        if line.starts_with('#') {
            return None;
        }
        let mut fields = line.split_whitespace().map(unescape);
        let mut next = || fields.next();
        let (src, path, fstype, opts) = (next()?, next()?, next()?, next()?);
        // Missing fields are written when the line is.
        let (dump, passno) = (next().unwrap_or_default(), next().unwrap_or_default());
        Some(Self { src, path, fstype, opts, dump, passno })
    }

    fn line(&self) -> String {
        let fields = [&self.src, &self.path, &self.fstype, &self.opts, &self.dump, &self.passno];
        fields.map(|field| escape(field)).join(" ")
    }

    /// Swap has no place of its own: it is told by its source.
    fn is_for(&self, other: &Self) -> bool {
        self.path == other.path && (other.path != "none" || self.src == other.src)
    }
}

pub(super) fn escape(field: &str) -> String {
    field.replace('\\', "\\134").replace(' ', "\\040").replace('\t', "\\011").replace('&', "\\046")
}

pub(super) fn unescape(field: &str) -> String {
    let mut text = Vec::with_capacity(field.len());
    let bytes = field.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let octal = field.get(at + 1..at + 4).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match (bytes[at], octal) {
            (b'\\', Some(byte)) => {
                text.push(byte);
                at += 4;
            }
            (byte, _) => {
                text.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The table with the entry in it; `None` when it is there already.
pub(super) fn set(table: &str, entry: &Entry) -> Option<String> {
    let mut found = false;
    let mut changed = false;
    let mut lines: Vec<String> = Vec::new();
    for line in table.lines() {
        match Entry::parse(line) {
            Some(current) if current.is_for(entry) => {
                found = true;
                changed |= current != *entry;
                lines.push(if current == *entry { line.to_owned() } else { entry.line() });
            }
            _ => lines.push(line.to_owned()),
        }
    }
    if !found {
        lines.push(entry.line());
    }
    (changed || !found).then(|| text(&lines))
}

/// The table without the entries of a path (and, when given, of that source); `None` when there is none.
pub(super) fn remove(table: &str, path: &str, src: Option<&str>) -> Option<String> {
    let goes = |line: &&str| {
        Entry::parse(line)
            .is_some_and(|entry| entry.path == path && (path != "none" || src.is_none_or(|src| entry.src == src)))
    };
    if !table.lines().any(|line| goes(&line)) {
        return None;
    }
    Some(text(&table.lines().filter(|line| !goes(line)).map(str::to_owned).collect::<Vec<_>>()))
}

fn text(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, opts: &str) -> Entry {
        let text = str::to_owned;
        Entry {
            src: text("tmpfs"),
            path: text(path),
            fstype: text("tmpfs"),
            opts: text(opts),
            dump: text("0"),
            passno: text("0"),
        }
    }

    #[test]
    fn entries_are_set_and_removed() {
        let table = "# comment\ntmpfs\t/mnt  tmpfs  size=1m 0 0\n/dev/sda none swap sw 0 0\n";
        assert_eq!(set(table, &entry("/mnt", "size=1m")), None);
        let changed = set(table, &entry("/mnt", "size=2m")).unwrap();
        assert_eq!(changed, "# comment\ntmpfs /mnt tmpfs size=2m 0 0\n/dev/sda none swap sw 0 0\n");
        let added = set(table, &entry("/a b", "defaults")).unwrap();
        assert!(added.ends_with("tmpfs /a\\040b tmpfs defaults 0 0\n"), "{added}");
        assert_eq!(remove(&added, "/a b", None).as_deref(), Some(table));
        assert_eq!(remove(table, "/nosuch", None), None);
        assert_eq!(remove(table, "none", Some("/dev/other")), None);
    }

    #[test]
    fn blanks_are_escaped() {
        assert_eq!(unescape(&escape("a b\t\\c")), "a b\t\\c");
        assert_eq!(unescape("x\\"), "x\\");
    }
}
