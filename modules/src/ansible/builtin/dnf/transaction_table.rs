//! The table in which dnf says what it is going to do, before it asks whether it may.

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub kind: Kind,
    pub name: String,
    pub architecture: String,
    /// Epoch (when there is one), version and release.
    pub version: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Install,
    Upgrade,
    Downgrade,
    Reinstall,
    Remove,
}

impl Step {
    pub(super) fn nevra(&self) -> String {
        let version = self.version.strip_prefix("0:").unwrap_or(&self.version);
        format!("{}-{version}.{}", self.name, self.architecture)
    }
}

/// Reads the table of dnf 4, dnf 5 or yum.
pub(super) fn parse(output: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut kind = None;
    let mut pending: Option<String> = None;
    for line in output.lines().map(without_colours) {
        if line.starts_with("Transaction Summary") {
            break;
        }
        if !line.starts_with(' ') {
            kind = heading(&line).or_else(|| kind.filter(|_| !line.ends_with(':')));
            continue;
        }
        let Some(kind) = kind else { continue };
        let words: Vec<&str> = line.split_whitespace().collect();
        match (words.as_slice(), pending.take()) {
            // A long name has a line of its own.
            ([name], None) => pending = Some((*name).to_owned()),
            ([architecture, version, ..], Some(name)) => steps.push(step(kind, &name, architecture, version)),
            (["replacing", ..], _) => {}
            ([name, architecture, version, ..], None) => steps.push(step(kind, name, architecture, version)),
            _ => {}
        }
    }
    steps
}

fn step(kind: Kind, name: &str, architecture: &str, version: &str) -> Step {
    Step { kind, name: name.to_owned(), architecture: architecture.to_owned(), version: version.to_owned() }
}

fn heading(line: &str) -> Option<Kind> {
    let word = line.strip_suffix(':')?.split_whitespace().next()?;
    match word {
        "Installing" => Some(Kind::Install),
        "Upgrading" | "Updating" => Some(Kind::Upgrade),
        "Downgrading" => Some(Kind::Downgrade),
        "Reinstalling" => Some(Kind::Reinstall),
        "Removing" => Some(Kind::Remove),
        _ => None,
    }
}

/// Terminal sequences: `ESC [ … letter` and `ESC ( B`.
fn without_colours(line: &str) -> String {
    let mut clean = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            clean.push(character);
            continue;
        }
        match characters.next() {
            Some('[') => drop(characters.find(char::is_ascii_alphabetic)),
            Some('(') => drop(characters.next()),
            _ => {}
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_dnf_4_are_read() {
        let output = "Dependencies resolved.\n=====\n Package   Architecture  Version  Repository Size\n=====\nInstalling:\n \
            \u{1b}[1m\u{1b}[32mbar        \u{1b}(B\u{1b}[m noarch  1.0-1  lab 6 k\nInstalling dependencies:\n a-very-long-package-name\n      \
            \u{20}     x86_64  1:2.0-1  lab 6 k\nRemoving:\n old  noarch  0:1.0-1 @lab 4\n\nTransaction Summary\n=====\nInstall  2 Packages\n x y z\n";
        let steps = parse(output);
        assert_eq!(
            steps.iter().map(Step::nevra).collect::<Vec<_>>(),
            ["bar-1.0-1.noarch", "a-very-long-package-name-1:2.0-1.x86_64", "old-1.0-1.noarch"]
        );
        assert_eq!(
            steps.iter().map(|step| step.kind).collect::<Vec<_>>(),
            [Kind::Install, Kind::Install, Kind::Remove]
        );
    }

    #[test]
    fn tables_of_dnf_5_are_read() {
        let output = "Package  Arch   Version  Repository  Size\nUpgrading:\n foo  noarch  2.0-1  lab  5.9 KiB\n   replacing foo  noarch  1.0-1  lab 5 KiB\n\
            Downgrading:\n baz noarch 1.0-1 lab 1 KiB\n\nTransaction Summary:\n Upgrading: 1 package\n";
        let steps = parse(output);
        assert_eq!(
            steps.iter().map(|step| (step.kind, step.nevra())).collect::<Vec<_>>(),
            [(Kind::Upgrade, "foo-2.0-1.noarch".to_owned()), (Kind::Downgrade, "baz-1.0-1.noarch".to_owned())]
        );
    }
}
