//! Which distribution the node runs: name, version, release, family. The files are tried in a fixed order, since
//! derived distributions carry those of their parents too.

mod families;
pub(super) mod os_release;
mod recognised;

use std::collections::BTreeMap;

use serde_json::Value;

use super::collector::Facts;
use crate::Map;

use recognised::RECOGNISERS;

const UNKNOWN: &str = "NA";

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let read = |path: &str| fs_err::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    facts.extend(describe(&read));
}

/// What is found in the files of a system.
struct Files<'r> {
    read: &'r dyn Fn(&str) -> Option<String>,
    /// The text of `/etc/os-release`, by which most are recognised.
    release: Option<String>,
    /// Its values, or those of `/usr/lib/os-release` where it is missing.
    os: BTreeMap<String, String>,
}

fn describe(read: &dyn Fn(&str) -> Option<String>) -> Map {
    let files = Files::new(read);
    let found = RECOGNISERS.iter().find_map(|recognise| recognise(&files)).unwrap_or_default();
    let distribution = found.distribution.unwrap_or_else(|| files.name_from_id());
    let version = found.version.unwrap_or_else(|| files.version());
    let release = found.release.unwrap_or_else(|| files.codename());
    let or_unknown = |text: String| if text.is_empty() { UNKNOWN.to_owned() } else { text };
    let mut facts = Map::new();
    let mut set = |key: &str, value: Value| drop(facts.insert(key.to_owned(), value));
    set("os_family", families::family_of(&distribution).into());
    set("distribution", distribution.into());
    let major = found.major.unwrap_or_else(|| version.split('.').next().unwrap_or_default().to_owned());
    set("distribution_major_version", or_unknown(major).into());
    set("distribution_version", or_unknown(version).into());
    // Tumbleweed and Fedora have none on purpose.
    set("distribution_release", release.into());
    if let Some(minor) = found.minor {
        set("distribution_minor_version", minor.into());
    }
    if !found.path.is_empty() {
        set("distribution_file_path", found.path.into());
        set("distribution_file_variety", found.variety.into());
    }
    if found.parsed {
        set("distribution_file_parsed", true.into());
    }
    if let Some(text) = found.search_string {
        set("distribution_file_search_string", text.into());
    }
    facts
}

impl<'r> Files<'r> {
    fn new(read: &'r dyn Fn(&str) -> Option<String>) -> Self {
        let content = |path: &str| read(path).filter(|text| !text.trim().is_empty());
        let release = content("/etc/os-release");
        let text = release.clone().or_else(|| content("/usr/lib/os-release"));
        let os = text.as_deref().map(os_release::parse).unwrap_or_default();
        Self { read, release, os }
    }

    /// A file with something in it.
    fn content(&self, path: &str) -> Option<String> {
        (self.read)(path).filter(|text| !text.trim().is_empty())
    }

    fn os_text(&self) -> &str {
        self.release.as_deref().unwrap_or_default()
    }

    /// The name in `/etc/os-release`.
    fn name(&self) -> &str {
        if self.release.is_some() { self.os("NAME") } else { "" }
    }

    fn os(&self, key: &str) -> &str {
        self.os.get(key).map_or("", String::as_str)
    }

    fn id(&self) -> &str {
        self.os("ID")
    }

    /// The name for want of a better one: the identifier with a capital letter.
    fn name_from_id(&self) -> String {
        match self.id() {
            "" => "OtherLinux".to_owned(),
            "rhel" => "RedHat".to_owned(),
            "amzn" => "Amazon".to_owned(),
            "ol" => "OracleLinux".to_owned(),
            "centos" => "CentOS".to_owned(),
            id => id.chars().next().into_iter().flat_map(char::to_uppercase).chain(id.chars().skip(1)).collect(),
        }
    }

    /// The version at its most precise: some distributions put a shorter one into `os-release`.
    fn version(&self) -> String {
        let own = self.os("VERSION_ID").to_owned();
        match self.id() {
            "debian" => {
                let full = self.content("/etc/debian_version").map(|text| text.trim().to_owned()).unwrap_or_default();
                let dots = |text: &str| text.matches('.').count();
                if own.is_empty() || dots(&full) > dots(&own) { full } else { own }
            }
            "centos" | "" => {
                let file = ["/etc/centos-release", "/etc/redhat-release", "/etc/system-release"];
                let text = file.iter().find_map(|path| self.content(path)).unwrap_or_default();
                release_number(&text).map_or(own, |number| number.split('.').take(2).collect::<Vec<_>>().join("."))
            }
            _ => own,
        }
    }

    /// The release's name: as such, or with the version, or in the distribution's own file.
    fn codename(&self) -> String {
        if let Some(named) = self.os.get("VERSION_CODENAME").or_else(|| self.os.get("UBUNTU_CODENAME")) {
            return named.clone();
        }
        let version = codename_of_version(self.os("VERSION"));
        let file = || OWN_FILES.iter().find_map(|name| self.content(&format!("/etc/{name}")));
        version.or_else(|| codename_of_file(&file()?)).unwrap_or_else(|| UNKNOWN.to_owned())
    }
}

/// Files in which distributions say `NAME release VERSION (CODENAME)`, in the order in which they are looked for.
const OWN_FILES: &[&str] = &[
    "almalinux-release",
    "altlinux-release",
    "anolis-release",
    "centos-release",
    "eurolinux-release",
    "fedora-release",
    "kylin-release",
    "mageia-release",
    "miraclelinux-release",
    "openEuler-release",
    "oracle-release",
    "redhat-release",
    "rocky-release",
    "sl-release",
    "virtuozzo-release",
];

/// `12 (bookworm)`, `14.04, Trusty Tahr`: no digits are in such a name.
fn codename_of_version(version: &str) -> Option<String> {
    let name = match version.split_once('(') {
        Some((_, rest)) => rest.rsplit_once(')')?.0,
        None => version.split_once(',')?.1,
    };
    let name = name.trim();
    (!name.is_empty() && !name.contains(|c: char| c.is_ascii_digit())).then(|| name.to_owned())
}

fn codename_of_file(text: &str) -> Option<String> {
    let line = text.lines().next()?.trim();
    Some(line.strip_suffix(')')?.rsplit_once('(')?.1.to_owned())
}

/// The number after `release`.
fn release_number(text: &str) -> Option<&str> {
    text.split_once("release ")?.1.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files as distributions ship them, and what ansible-core makes of them.
    const CASES: &str = include_str!("../../../../../tests/distributions.json");

    #[test]
    fn distributions_are_recognised_as_measured() {
        let cases: Map = serde_json::from_str(CASES).unwrap();
        let mut differences = Vec::new();
        for (name, case) in &cases {
            let read = |path: &str| {
                let file = path.strip_prefix("/etc/").unwrap_or(path);
                case["files"].get(file).and_then(Value::as_str).map(str::to_owned)
            };
            let facts = describe(&read);
            let expected = case["facts"].as_object().unwrap();
            for key in expected.keys().chain(facts.keys()) {
                if facts.get(key) != expected.get(key) {
                    differences.push(format!("{name} {key}: {:?} instead of {:?}", facts.get(key), expected.get(key)));
                }
            }
        }
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }
}
