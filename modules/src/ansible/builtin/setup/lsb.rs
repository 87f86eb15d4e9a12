//! The Linux Standard Base's description of the distribution, as `lsb_release` prints it, without running it.

use serde_json::Value;

use super::collector::Facts;
use super::distribution::os_release::parse;
use crate::Map;

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let read = |path: &str| fs_err::read_to_string(path).ok();
    let lsb = read("/etc/lsb-release");
    // Where neither is, Ansible has nothing to go by either.
    if lsb.is_none() && facts.cx.which("lsb_release").is_none() {
        facts.set("lsb", Map::new());
        return;
    }
    let release = read("/etc/os-release").or_else(|| read("/usr/lib/os-release")).unwrap_or_default();
    facts.set("lsb", describe(lsb.as_deref().unwrap_or_default(), &release));
}

fn describe(lsb: &str, os_release: &str) -> Map {
    let (lsb, os) = (parse(lsb), parse(os_release));
    let either = |own: &str, general: &str| {
        let found = lsb.get(own).or_else(|| os.get(general)).cloned();
        found.filter(|text| !text.is_empty()).unwrap_or_else(|| "n/a".to_owned())
    };
    let id = lsb.get("DISTRIB_ID").cloned().or_else(|| os.get("ID").map(|id| capitalised(id)));
    let release = either("DISTRIB_RELEASE", "VERSION_ID");
    let entries = [
        ("id", id.unwrap_or_else(|| "n/a".to_owned())),
        ("description", either("DISTRIB_DESCRIPTION", "PRETTY_NAME")),
        ("major_release", release.split('.').next().unwrap_or_default().to_owned()),
        ("release", release),
        ("codename", either("DISTRIB_CODENAME", "VERSION_CODENAME")),
    ];
    entries.into_iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::describe;

    #[test]
    fn files_say_what_lsb_release_says() {
        let debian =
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n";
        let expected = json!({
            "id": "Debian", "description": "Debian GNU/Linux 12 (bookworm)", "major_release": "12", "release": "12",
            "codename": "bookworm",
        });
        assert_eq!(json!(describe("", debian)), expected);
        let ubuntu = "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\nDISTRIB_CODENAME=jammy\nDISTRIB_DESCRIPTION=\"Ubuntu 22.04.3 LTS\"\n";
        assert_eq!(describe(ubuntu, "")["major_release"], "22");
    }
}
