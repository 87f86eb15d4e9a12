//! What a task may write for one package: `name`, `name:arch`, `name=1.2*`, `name>=1.2`, `python3-*`.

use crate::debian::version;
use crate::glob_paths::matches_name;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    AtLeast,
    AtMost,
    Above,
    Below,
}

/// One requested package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PackageSpec {
    /// As written, for messages.
    pub text: String,
    /// Name with its architecture, if one was given.
    pub name: String,
    pub version: Option<(Relation, String)>,
}

impl PackageSpec {
    pub(super) fn parse(text: &str) -> Self {
        const RELATIONS: [(&str, Relation); 6] = [
            (">=", Relation::AtLeast),
            ("<=", Relation::AtMost),
            ("==", Relation::Equal),
            (">", Relation::Above),
            ("<", Relation::Below),
            ("=", Relation::Equal),
        ];
        let cut = text.find(['<', '>', '=']);
        let version = cut.and_then(|at| {
            let rest = &text[at..];
            let (sign, relation) = RELATIONS.into_iter().find(|(sign, _)| rest.starts_with(sign))?;
            Some((relation, rest[sign.len()..].trim().to_owned()))
        });
        let name = text[..cut.unwrap_or(text.len())].trim();
        Self { text: text.to_owned(), name: name.to_owned(), version }
    }

    /// The name is a shell pattern over package names.
    pub(super) fn is_pattern(&self) -> bool {
        self.name.contains(['*', '?', '['])
    }

    pub(super) fn name_matches(&self, name: &str) -> bool {
        matches_name(&self.name, name)
    }

    /// Whether a package of this version satisfies the request.
    pub(super) fn accepts(&self, candidate: &str) -> bool {
        let Some((relation, wanted)) = &self.version else { return true };
        let order = version::compare(candidate, wanted);
        match relation {
            Relation::Equal => candidate == wanted || matches_name(wanted, candidate),
            Relation::AtLeast => order.is_ge(),
            Relation::AtMost => order.is_le(),
            Relation::Above => order.is_gt(),
            Relation::Below => order.is_lt(),
        }
    }

    /// The request with another name: one result of expanding a pattern.
    pub(super) fn renamed(&self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_requests_apart() {
        let cases = [
            ("nginx", "nginx", None),
            ("libc6:i386", "libc6:i386", None),
            ("nginx=1.2*", "nginx", Some((Relation::Equal, "1.2*"))),
            ("nginx==1.2", "nginx", Some((Relation::Equal, "1.2"))),
            ("nginx >= 1.2", "nginx", Some((Relation::AtLeast, "1.2"))),
            ("g++<=4", "g++", Some((Relation::AtMost, "4"))),
            ("a<2", "a", Some((Relation::Below, "2"))),
        ];
        for (text, name, version) in cases {
            let spec = PackageSpec::parse(text);
            assert_eq!(spec.name, name, "{text}");
            assert_eq!(spec.version, version.map(|(relation, text)| (relation, text.to_owned())), "{text}");
        }
    }

    #[test]
    fn accepts_versions() {
        let cases = [
            ("a", "1.0", true),
            ("a=1.0", "1.0", true),
            ("a=1.0", "1.0-1", false),
            ("a=1.*", "1.0-1", true),
            ("a=2.*", "1.0-1", false),
            ("a>=1.0", "1:0.1", true),
            ("a>1.0", "1.0", false),
            ("a<1.0", "1.0~rc1", true),
            ("a<=1.0", "1.0", true),
        ];
        for (text, version, accepted) in cases {
            assert_eq!(PackageSpec::parse(text).accepts(version), accepted, "{text} {version}");
        }
    }

    #[test]
    fn patterns_match_names() {
        let spec = PackageSpec::parse("python3-*");
        assert!(spec.is_pattern() && spec.name_matches("python3-apt") && !spec.name_matches("python3"));
        assert!(!PackageSpec::parse("a=1.*").is_pattern());
    }
}
