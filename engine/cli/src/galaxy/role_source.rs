//! `RoleSource`: where a role comes from: `src[,version[,name]]`, or an entry of `requirements.yml`.

use kapell_parsing::Value;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoleSource {
    /// Its directory; one plain file name.
    pub name: String,
    pub src: String,
    /// It is a git repository.
    pub git: bool,
    pub version: Option<String>,
}

impl RoleSource {
    /// As on the command line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let (src, version, name) = match parts.as_slice() {
            [src] => (*src, None, None),
            [src, version] => (*src, Some(*version), None),
            [src, version, name] => (*src, Some(*version), Some(*name)),
            _ => {
                return Err(format!("Invalid role line ({text}). Proper format is 'role_name[,version[,name]]'"));
            }
        };
        Self::new(src, None, version, name)
    }

    /// An entry of a list of roles, or of a role's dependencies.
    pub(crate) fn of_entry(entry: &Value) -> Result<Self, String> {
        let Value::Map(map) = entry else { return Self::parse(&entry.to_string()) };
        let text = |key: &str| map.get(key).filter(|value| !value.is_null()).map(Value::to_string);
        if let (Some(role), None) = (text("role"), text("src")) {
            let mut source = Self::parse(&role)?;
            source.version = text("version").or(source.version);
            return Ok(source);
        }
        let Some(src) = text("src").or_else(|| text("name")) else {
            return Err("Must specify name or src for role".into());
        };
        Self::new(&src, text("scm").as_deref(), text("version").as_deref(), text("name").as_deref())
    }

    fn new(src: &str, scm: Option<&str>, version: Option<&str>, name: Option<&str>) -> Result<Self, String> {
        let (plus, src) = src
            .split_once('+')
            .filter(|(scm, _)| ["git", "hg"].contains(scm))
            .map_or((None, src), |(scm, src)| (Some(scm), src));
        let is_github = src.contains("github.com") && src.starts_with("http") && !src.ends_with(".tar.gz");
        let scm = scm.or(plus).or(is_github.then_some("git"));
        let git = match scm {
            None => src.starts_with("git@"),
            Some("git") => true,
            Some(other) => return Err(format!("- scm {other} is not currently supported")),
        };
        let name = name.filter(|name| !name.is_empty()).map_or_else(|| name_of(src), ToOwned::to_owned);
        if name.is_empty() || name.contains('/') || name.starts_with('.') {
            return Err(format!("'{name}' is no name for a role's directory: give it another as {src},,NAME"));
        }
        let version = version.filter(|version| !version.is_empty()).map(ToOwned::to_owned);
        Ok(Self { name, src: src.to_owned(), git, version })
    }

    /// With its version.
    pub(crate) fn shown(&self) -> String {
        match &self.version {
            Some(version) => format!("{} ({version})", self.name),
            None => self.name.clone(),
        }
    }

    /// Whether it has to be asked for at a Galaxy server.
    pub(crate) fn is_of_galaxy(&self) -> bool {
        !self.git && !self.src.contains("://") && !std::path::Path::new(&self.src).is_file()
    }
}

/// What a role from `src` is called.
fn name_of(src: &str) -> String {
    if !src.contains("://") && !src.contains('@') && !src.contains('/') {
        return src.to_owned();
    }
    let last = src.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or(src);
    let last = last.strip_suffix(".git").unwrap_or(last);
    last.strip_suffix(".tar.gz").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_read_as_galaxy_reads_them() {
        for (text, name, src, git, version) in [
            ("geerlingguy.nginx", "geerlingguy.nginx", "geerlingguy.nginx", false, None),
            ("geerlingguy.nginx,3.1.0", "geerlingguy.nginx", "geerlingguy.nginx", false, Some("3.1.0")),
            ("git+https://host/a/web.git,v1", "web", "https://host/a/web.git", true, Some("v1")),
            ("git+file:///srv/web,,www", "www", "file:///srv/web", true, None),
            ("https://github.com/a/web", "web", "https://github.com/a/web", true, None),
            ("git@github.com:a/web.git", "web", "git@github.com:a/web.git", true, None),
            ("https://host/web.tar.gz", "web", "https://host/web.tar.gz", false, None),
            ("./web.tar.gz", "web", "./web.tar.gz", false, None),
        ] {
            let expected =
                RoleSource { name: name.into(), src: src.into(), git, version: version.map(ToOwned::to_owned) };
            assert_eq!(RoleSource::parse(text), Ok(expected), "{text}");
        }
        for wrong in ["a,b,c,d", "hg+https://host/x", "x,,../y", "x,,.ssh"] {
            assert!(RoleSource::parse(wrong).is_err(), "{wrong}");
        }
    }
}
