//! `Bindings`: which name of one engine's run stands for which of the other's: ids and addresses are made up anew every time.

use std::collections::BTreeMap;

/// Pairs, found at the same places of two results.
#[derive(Clone, Default)]
pub(super) struct Bindings {
    /// Ids mean the same thing as long as it is there.
    ids: Pairs,
    /// Addresses are used again, by the emulator's choice.
    addresses: Pairs,
}

#[derive(Clone, Default)]
struct Pairs {
    theirs: BTreeMap<String, String>,
    ours: BTreeMap<String, String>,
}

impl Pairs {
    /// Whether the two may stand for each other; if nothing was known of them, they do from now on.
    fn bind(&mut self, theirs: &str, ours: &str) -> bool {
        match (self.ours.get(theirs), self.theirs.get(ours)) {
            (None, None) => {
                self.ours.insert(theirs.to_owned(), ours.to_owned());
                self.theirs.insert(ours.to_owned(), theirs.to_owned());
                true
            }
            (known, _) => known.is_some_and(|known| known == ours),
        }
    }
}

impl Bindings {
    /// Before the results of another task.
    pub(super) fn next_task(&mut self) {
        self.addresses = Pairs::default();
    }

    /// Whether two texts say the same, but for names that are made up.
    pub(super) fn are_same(&mut self, theirs: &str, ours: &str) -> bool {
        let (theirs, ours) = (words(theirs), words(ours));
        theirs.len() == ours.len()
            && theirs.iter().zip(&ours).all(|((word, mark), (other, other_mark))| {
                mark == other_mark
                    && match (Made::of(word), Made::of(other)) {
                        (Some(Made::Id), Some(Made::Id)) => self.ids.bind(word, other),
                        (Some(Made::Address), Some(Made::Address)) => self.addresses.bind(word, other),
                        _ => word == other,
                    }
            })
    }

    /// The other engine's name for it, where it is known.
    pub(super) fn theirs<'t>(&'t self, ours: &'t str) -> &'t str {
        self.ids.theirs.get(ours).map_or(ours, String::as_str)
    }
}

/// What a name that is made up stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    Id,
    Address,
}

impl Made {
    /// `i-0123456789abcdef0`; `54.214.1.2`, `ec2-54-214-1-2.us-west-1.compute.amazonaws.com`.
    fn of(word: &str) -> Option<Self> {
        let first = word.split('.').next().unwrap_or_default();
        let is_id = first
            .rsplit_once('-')
            .is_some_and(|(kind, id)| !kind.is_empty() && id.len() >= 8 && id.chars().all(|c| c.is_ascii_hexdigit()));
        let numbers = |text: &str, mark: char| {
            let parts: Vec<&str> = text.split(mark).collect();
            let is_given = ["10.", "192.168.", "0."].iter().any(|start| text.starts_with(start));
            !is_given && parts.len() >= 4 && parts[parts.len() - 4..].iter().all(|part| part.parse::<u8>().is_ok())
        };
        match () {
            () if numbers(word, '.') || numbers(first, '-') => Some(Self::Address),
            () if is_id => Some(Self::Id),
            () => None,
        }
    }
}

/// Words, each with what stands behind it.
fn words(text: &str) -> Vec<(&str, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let pieces = text.split_inclusive(|c: char| !is_part(c));
    pieces.map(|piece| piece.split_at(piece.trim_end_matches(|c: char| !is_part(c) || c == '.').len())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_made_up_stand_for_each_other() {
        let mut bindings = Bindings::default();
        assert!(bindings.are_same("made i-0123456789abcdef0 at 1.2.3.4.", "made i-ffff456789abcdef0 at 9.8.7.6."));
        assert!(bindings.are_same("i-0123456789abcdef0", "i-ffff456789abcdef0"));
        assert!(!bindings.are_same("i-0123456789abcdef0", "i-aaaa456789abcdef0"));
        assert!(!bindings.are_same("i-bbbb456789abcdef0", "i-ffff456789abcdef0"));
        assert!(!bindings.are_same("1.2.3.4", "5.6.7.8"));
        bindings.next_task();
        assert!(bindings.are_same("1.2.3.4", "5.6.7.8"));
        assert!(!bindings.are_same("us-west-1", "us-west-2"));
        assert_eq!(bindings.theirs("i-ffff456789abcdef0"), "i-0123456789abcdef0");
    }
}
