//! Which distribution the node runs: name, version, release, family. The files are tried in a fixed order, since
//! derived distributions carry those of their parents too.

mod families;
pub(super) mod os_release;

use std::collections::BTreeMap;

use serde_json::Value;

use super::collector::Facts;
use crate::Map;

const UNKNOWN: &str = "NA";

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let read = |path: &str| fs_err::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    facts.extend(describe(&read));
}

/// What is found in the files of a system.
struct Files<'r> {
    read: &'r dyn Fn(&str) -> Option<String>,
    /// The text of `os-release`, and where it was.
    release: Option<(&'static str, String)>,
    os: BTreeMap<String, String>,
}

/// One distribution's facts as far as its file told them.
#[derive(Default)]
struct Found {
    distribution: Option<String>,
    version: Option<String>,
    release: Option<String>,
    minor: Option<String>,
    path: &'static str,
    variety: &'static str,
    search_string: Option<&'static str>,
    parsed: bool,
}

type Recognise = fn(&Files<'_>) -> Option<Found>;

/// In the order in which they are tried.
const RECOGNISERS: &[Recognise] = &[
    alt_linux,
    oracle,
    slackware,
    centos_stream,
    red_hat,
    amazon,
    arch,
    alpine,
    suse,
    debian,
    flatcar,
    clear_linux,
    other,
];

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
    set("distribution_major_version", or_unknown(version.split('.').next().unwrap_or_default().to_owned()).into());
    set("distribution_version", or_unknown(version).into());
    // Tumbleweed has no release on purpose.
    set("distribution_release", if found.variety == "SUSE" { release } else { or_unknown(release) }.into());
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
        let paths = ["/etc/os-release", "/usr/lib/os-release"];
        let release =
            paths.into_iter().find_map(|path| Some((path, read(path).filter(|text| !text.trim().is_empty())?)));
        let os = release.as_ref().map(|(_, text)| os_release::parse(text)).unwrap_or_default();
        Self { read, release, os }
    }

    /// A file with something in it.
    fn content(&self, path: &str) -> Option<String> {
        (self.read)(path).filter(|text| !text.trim().is_empty())
    }

    fn os_text(&self) -> &str {
        self.release.as_ref().map_or("", |(_, text)| text)
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
            "" => "Linux".to_owned(),
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
                let full = self.content("/etc/debian_version").map(|text| text.trim().to_owned());
                full.filter(|text| text.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(own)
            }
            "centos" | "" => {
                let file = ["/etc/centos-release", "/etc/redhat-release", "/etc/system-release"];
                let text = file.iter().find_map(|path| self.content(path)).unwrap_or_default();
                release_number(&text).map_or(own, |number| number.split('.').take(2).collect::<Vec<_>>().join("."))
            }
            _ => own,
        }
    }

    /// The release's name: as such, or in parentheses behind the version.
    fn codename(&self) -> String {
        let named = self.os("VERSION_CODENAME");
        if !named.is_empty() {
            return named.to_owned();
        }
        let inside = |text: &str| Some(text.split_once('(')?.1.split_once(')')?.0.to_owned());
        let version = inside(self.os("VERSION")).or_else(|| {
            if self.os.is_empty() { self.content("/etc/redhat-release").as_deref().and_then(inside) } else { None }
        });
        version.unwrap_or_default()
    }
}

/// The number after `release`.
fn release_number(text: &str) -> Option<&str> {
    text.split_once("release ")?.1.split_whitespace().next()
}

fn alt_linux(files: &Files<'_>) -> Option<Found> {
    files.content("/etc/altlinux-release").filter(|text| text.contains("ALT")).map(|_| Found {
        distribution: Some("Altlinux".to_owned()),
        path: "/etc/altlinux-release",
        variety: "Altlinux",
        search_string: Some("ALT"),
        parsed: true,
        ..Found::default()
    })
}

fn oracle(files: &Files<'_>) -> Option<Found> {
    files.content("/etc/oracle-release").filter(|text| text.contains("Oracle Linux")).map(|_| Found {
        distribution: Some("OracleLinux".to_owned()),
        path: "/etc/oracle-release",
        variety: "OracleLinux",
        search_string: Some("Oracle Linux"),
        parsed: true,
        ..Found::default()
    })
}

fn slackware(files: &Files<'_>) -> Option<Found> {
    let text = files.content("/etc/slackware-version").filter(|text| text.contains("Slackware"))?;
    Some(Found {
        distribution: Some("Slackware".to_owned()),
        version: text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned),
        path: "/etc/slackware-version",
        variety: "Slackware",
        parsed: true,
        ..Found::default()
    })
}

fn centos_stream(files: &Files<'_>) -> Option<Found> {
    let text = files.content("/etc/centos-release")?;
    let (name, release) = if text.contains("CentOS Stream") {
        ("CentOS", Some("Stream".to_owned()))
    } else if text.contains("TencentOS") {
        ("TencentOS", None)
    } else {
        return None;
    };
    Some(Found {
        distribution: Some(name.to_owned()),
        release,
        path: "/etc/centos-release",
        variety: "CentOS",
        parsed: true,
        ..Found::default()
    })
}

fn red_hat(files: &Files<'_>) -> Option<Found> {
    let text = files.content("/etc/redhat-release")?;
    let (name, search_string) =
        if text.contains("Red Hat") { ("RedHat", Some("Red Hat")) } else { (text.split_whitespace().next()?, None) };
    Some(Found {
        distribution: Some(name.to_owned()),
        path: "/etc/redhat-release",
        variety: "RedHat",
        search_string,
        parsed: true,
        ..Found::default()
    })
}

fn amazon(files: &Files<'_>) -> Option<Found> {
    let version = files.os("VERSION_ID").to_owned();
    files.os_text().contains("Amazon").then(|| Found {
        distribution: Some("Amazon".to_owned()),
        minor: Some(version.split_once('.').map_or(UNKNOWN, |(_, minor)| minor).to_owned()),
        version: Some(version),
        path: "/etc/os-release",
        variety: "Amazon",
        parsed: true,
        ..Found::default()
    })
}

fn arch(files: &Files<'_>) -> Option<Found> {
    // The file's existence is all it says.
    (files.read)("/etc/arch-release").map(|_| Found {
        distribution: Some("Archlinux".to_owned()),
        path: "/etc/arch-release",
        variety: "Archlinux",
        ..Found::default()
    })
}

fn alpine(files: &Files<'_>) -> Option<Found> {
    files.content("/etc/alpine-release").map(|text| Found {
        distribution: Some("Alpine".to_owned()),
        version: Some(text.trim().to_owned()),
        path: "/etc/alpine-release",
        variety: "Alpine",
        parsed: true,
        ..Found::default()
    })
}

fn suse(files: &Files<'_>) -> Option<Found> {
    if !files.os_text().to_lowercase().contains("suse") {
        return None;
    }
    let version = files.os("VERSION_ID");
    Some(Found {
        distribution: Some(files.os("NAME").to_owned()),
        version: Some(version.to_owned()),
        release: Some(version.split_once('.').map_or("", |(_, service_pack)| service_pack).to_owned()),
        path: "/etc/os-release",
        variety: "SUSE",
        parsed: true,
        ..Found::default()
    })
}

fn debian(files: &Files<'_>) -> Option<Found> {
    let text = files.os_text();
    let (name, of_debian) = if text.contains("Debian") || text.contains("Raspbian") {
        ("Debian", true)
    } else {
        // What is to be found in the file, and the name it means.
        let derived = [
            ("Ubuntu", "Ubuntu"),
            ("SteamOS", "SteamOS"),
            ("Kali", "Kali"),
            ("Parrot", "Parrot"),
            ("Devuan", "Devuan"),
            ("Cumulus", "Cumulus Linux"),
            ("Linux Mint", "Linux Mint"),
            ("UOS", "Uos"),
            ("Deepin", "Deepin"),
        ];
        (derived.into_iter().find(|(word, _)| files.os("NAME").contains(word)).map(|(_, name)| name)?, false)
    };
    let full = files.content("/etc/debian_version").unwrap_or_default();
    let minor = full.trim().split_once('.').map(|(_, minor)| minor).filter(|_| of_debian);
    Some(Found {
        distribution: Some(name.to_owned()),
        minor: minor.filter(|minor| minor.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned),
        path: "/etc/os-release",
        variety: "Debian",
        parsed: true,
        ..Found::default()
    })
}

fn flatcar(files: &Files<'_>) -> Option<Found> {
    files.os("NAME").contains("Flatcar").then(|| Found {
        distribution: Some("Flatcar".to_owned()),
        // The name in parentheses is the build's.
        release: Some(UNKNOWN.to_owned()),
        path: "/etc/os-release",
        variety: "Flatcar",
        parsed: true,
        ..Found::default()
    })
}

fn clear_linux(files: &Files<'_>) -> Option<Found> {
    files.os("NAME").contains("Clear Linux").then(|| Found {
        distribution: Some(files.os("NAME").to_owned()),
        release: Some(files.id().to_owned()),
        path: "/etc/os-release",
        variety: "ClearLinux",
        parsed: true,
        ..Found::default()
    })
}

/// Any other system with an `os-release`.
fn other(files: &Files<'_>) -> Option<Found> {
    let name = files.os("NAME");
    (!name.is_empty()).then(|| Found {
        distribution: Some(name.to_owned()),
        // Only a code name that is named as such.
        release: Some(files.os("VERSION_CODENAME").to_owned()),
        path: "/etc/os-release",
        variety: UNKNOWN,
        parsed: true,
        ..Found::default()
    })
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
                let file = path.strip_prefix("/etc/")?;
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
