//! `Wildcard`: names with `*` and `?`, as configurations of OpenSSH write them. Small, and quick whatever is written:
//! files name thousands of hosts.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wildcard(Vec<char>);

impl Wildcard {
    pub(crate) fn new(pattern: &str) -> Self {
        let mut characters: Vec<char> = pattern.chars().collect();
        characters.dedup_by(|next, before| *next == '*' && *before == '*');
        Self(characters)
    }

    /// The last `*` takes one more character whenever what follows it does not fit, so the time is bounded by the
    /// product of the lengths.
    pub(crate) fn is_match(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut at, mut of) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        while at < name.len() {
            match self.0.get(of) {
                Some('*') => {
                    retry = Some((at, of + 1));
                    of += 1;
                }
                Some(wanted) if *wanted == '?' || *wanted == name[at] => {
                    at += 1;
                    of += 1;
                }
                _ => match retry {
                    Some((begin, behind)) => {
                        retry = Some((begin + 1, behind));
                        (at, of) = (begin + 1, behind);
                    }
                    None => return false,
                },
            }
        }
        self.0[of..].iter().all(|rest| *rest == '*')
    }
}

#[cfg(test)]
mod tests {
    use super::Wildcard;

    #[test]
    fn only_star_and_question_mark_are_special() {
        let cases = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("**", "anything", true),
            ("?", "", false),
            ("?", "ü", true),
            ("web*", "web", true),
            ("web*.example", "web1.a.example", true),
            ("web*.example", "web1.example.org", false),
            ("*a*b*c", "xxaxxbxxbxxc", true),
            ("*a*b*c", "xxaxxcxxb", false),
            ("a[1].?x*", "a[1].yxz/z", true),
            ("a[1]", "a1", false),
            ("{a,b}", "a", false),
            ("a?c", "abbc", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(Wildcard::new(pattern).is_match(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn stars_do_not_multiply() {
        let pattern = "*a".repeat(200);
        assert!(!Wildcard::new(&pattern).is_match(&"ab".repeat(100)));
        assert!(Wildcard::new(&pattern).is_match(&"a".repeat(400)));
    }
}
