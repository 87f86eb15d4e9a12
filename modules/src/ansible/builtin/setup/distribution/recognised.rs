//! `Found`: what the file by which a distribution is recognised says of it.

use super::{Files, UNKNOWN, os_release};

/// One distribution's facts as far as its file told them.
#[derive(Default)]
pub(super) struct Found {
    pub(super) distribution: Option<String>,
    pub(super) version: Option<String>,
    pub(super) release: Option<String>,
    /// Where it is not the version's first part.
    pub(super) major: Option<String>,
    pub(super) minor: Option<String>,
    pub(super) path: &'static str,
    pub(super) variety: &'static str,
    pub(super) search_string: Option<&'static str>,
    pub(super) parsed: bool,
}

type Recognise = fn(&Files<'_>) -> Option<Found>;

/// In the order in which they are tried.
pub(super) const RECOGNISERS: &[Recognise] = &[
    alt_linux,
    oracle,
    slackware,
    centos_stream,
    red_hat,
    amazon,
    arch,
    alpine,
    suse,
    old_suse,
    debian,
    old_debian,
    flatcar,
    clear_linux,
    other,
];

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
    if let Some(text) = files.content("/etc/system-release").filter(|text| text.contains("Amazon Linux")) {
        let number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
        if files.release.is_none() {
            return Some(Found {
                distribution: Some("Amazon".to_owned()),
                version: text.split_whitespace().find(number).map(str::to_owned),
                major: Some(UNKNOWN.to_owned()),
                path: "/etc/system-release",
                variety: "Amazon",
                parsed: true,
                ..Found::default()
            });
        }
    }
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
    if (files.read)("/etc/arch-release").is_none() {
        return files.os_text().contains("Arch Linux").then(|| Found {
            distribution: Some("Archlinux".to_owned()),
            path: "/etc/os-release",
            variety: "Archlinux",
            parsed: true,
            ..Found::default()
        });
    }
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
    let (name, version) = (files.name(), files.os("VERSION_ID"));
    let service_pack = version.split_once('.').map_or("", |(_, service_pack)| service_pack);
    let release = match name {
        "SL-Micro" | "ALP-Dolomite" => UNKNOWN,
        "SLES" | "SLED" if service_pack.is_empty() => "0",
        _ => service_pack,
    };
    let is_sap = ["VARIANT_ID", "CPE_NAME"].iter().any(|key| files.os(key).to_lowercase().contains("sap"));
    Some(Found {
        distribution: Some(if name == "SLES" && is_sap { "SLES_SAP" } else { name }.to_owned()),
        version: Some(version.to_owned()),
        release: Some(release.to_owned()),
        path: "/etc/os-release",
        variety: "SUSE",
        parsed: true,
        ..Found::default()
    })
}

/// Up to version 11: `SUSE Linux Enterprise Server 11 (x86_64)`, `VERSION = 11`, `PATCHLEVEL = 4`.
fn old_suse(files: &Files<'_>) -> Option<Found> {
    let text = files.content("/etc/SuSE-release").filter(|text| text.to_lowercase().contains("suse"))?;
    let value = |name: &str| {
        let mut pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
    };
    let names = [("Enterprise Server", "SLES"), ("Enterprise Desktop", "SLED"), ("openSUSE", "openSUSE")];
    let name = names.iter().find(|(word, _)| text.contains(word)).map_or("SuSE", |(_, name)| name);
    let (version, patch) = (value("VERSION")?, value("PATCHLEVEL"));
    let whole = patch.as_ref().map_or_else(|| version.clone(), |patch| format!("{version}.{patch}"));
    Some(Found {
        distribution: Some(name.to_owned()),
        version: Some(whole),
        release: Some(patch.unwrap_or_default()),
        path: "/etc/SuSE-release",
        variety: "SUSE",
        parsed: true,
        ..Found::default()
    })
}

/// What is to be found in a name, and the distribution it means.
const DERIVED: &[(&str, &str)] = &[
    ("Ubuntu", "Ubuntu"),
    ("SteamOS", "SteamOS"),
    ("Kali", "Kali"),
    ("Parrot", "Parrot"),
    ("Devuan", "Devuan"),
    ("Cumulus", "Cumulus Linux"),
    ("Linux Mint", "Linux Mint"),
    ("LMDE", "Linux Mint Debian Edition"),
    ("UOS", "Uos"),
    ("Deepin", "Deepin"),
];

fn debian(files: &Files<'_>) -> Option<Found> {
    let text = files.os_text();
    let of_debian = text.contains("Debian") || text.contains("Raspbian");
    let name = if of_debian { "Debian" } else { derived(files)? };
    let full = files.content("/etc/debian_version").unwrap_or_default();
    let minor = full.trim().split_once('.').map(|(_, minor)| minor).filter(|_| of_debian);
    let release = match name {
        "Devuan" => {
            files.os("PRETTY_NAME").split_whitespace().last().map(|word| word.trim_matches(['(', ')']).to_owned())
        }
        "Cumulus Linux" => Some(files.os("VERSION").to_owned()),
        _ => None,
    };
    Some(Found {
        distribution: Some(name.to_owned()),
        release,
        minor: minor.filter(|minor| minor.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned),
        path: "/etc/os-release",
        variety: "Debian",
        parsed: true,
        ..Found::default()
    })
}

fn derived(files: &Files<'_>) -> Option<&'static str> {
    let is_uos = files.release.is_some() && files.id().eq_ignore_ascii_case("uos");
    let by_name = DERIVED.iter().find(|(word, _)| files.name().contains(word)).map(|(_, name)| *name);
    by_name.or(is_uos.then_some("Uos"))
}

/// Those without an `/etc/os-release`, by what `lsb-release` says.
fn old_debian(files: &Files<'_>) -> Option<Found> {
    let text = files.content("/etc/lsb-release")?;
    let name = if text.contains("Ubuntu") {
        "Ubuntu"
    } else if text.contains("Mint") {
        "Linux Mint"
    } else {
        return None;
    };
    Some(Found {
        distribution: Some(name.to_owned()),
        path: "/etc/lsb-release",
        variety: "Debian",
        parsed: true,
        ..Found::default()
    })
}

fn flatcar(files: &Files<'_>) -> Option<Found> {
    files.name().contains("Flatcar").then(|| Found {
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
    let os = os_release::parse(&files.content("/usr/lib/os-release")?);
    let name = os.get("NAME").filter(|name| name.contains("Clear Linux"))?;
    Some(Found {
        distribution: Some(name.clone()),
        release: Some(files.id().to_owned()),
        path: "/usr/lib/os-release",
        variety: "ClearLinux",
        parsed: true,
        ..Found::default()
    })
}

/// Any other system with an `os-release`.
fn other(files: &Files<'_>) -> Option<Found> {
    let name = files.name();
    (!name.is_empty()).then(|| Found {
        distribution: Some(name.to_owned()),
        path: "/etc/os-release",
        variety: UNKNOWN,
        parsed: true,
        ..Found::default()
    })
}
