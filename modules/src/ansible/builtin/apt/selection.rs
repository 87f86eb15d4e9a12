//! Which of the requested packages need something done, decided from what is installed and what is on offer.

use super::package_spec::PackageSpec;
use super::request::{Request, State};
use crate::ModuleError;
use crate::debian::apt_policy::Policy;
use crate::debian::dpkg_status::DpkgStatus;
use crate::debian::version;

/// Requests that the installed packages do not settle alone; apt has to be asked about them.
pub(super) fn undecided(specs: &[PackageSpec], request: &Request, installed: &DpkgStatus) -> Vec<PackageSpec> {
    let is_settled = |spec: &PackageSpec| match installed.installed(&spec.name) {
        Some(package) => spec.accepts(&package.version) && request.state != State::Latest,
        None => false,
    };
    specs.iter().filter(|spec| !is_settled(spec)).cloned().collect()
}

/// What to hand to `apt-get install`: a name, or a name with the version that was chosen.
pub(super) fn to_install(
    specs: &[PackageSpec],
    request: &Request,
    installed: &DpkgStatus,
    policy: &Policy,
) -> Result<Vec<String>, ModuleError> {
    let unknown = specs.iter().find(|spec| !is_name(&spec.name) || policy.offer(&spec.name).is_none());
    if let Some(spec) = unknown {
        return Err(ModuleError::failed(format!("No package matching '{}' is available", spec.name)));
    }
    let mut chosen = Vec::new();
    for spec in specs {
        let current = installed.installed(&spec.name);
        if current.is_none() && request.options.only_upgrade {
            continue;
        }
        let offer = policy.offer(&spec.name).cloned().unwrap_or_default();
        let candidate = offer.candidate.as_ref().filter(|version| spec.accepts(version));
        let best = candidate.or_else(|| offer.versions.iter().find(|version| spec.accepts(version)));
        match (current, best) {
            (None, _) if spec.version.is_none() => chosen.push(spec.name.clone()),
            (_, None) if spec.version.is_some() => {
                return Err(ModuleError::failed(format!("no available installation candidate for {}", spec.text)));
            }
            (Some(current), Some(best)) if spec.accepts(&current.version) => {
                if version::compare(best, &current.version).is_gt() {
                    chosen.push(format!("{}={best}", spec.name));
                }
            }
            (_, Some(best)) => chosen.push(format!("{}={best}", spec.name)),
            (_, None) => {}
        }
    }
    Ok(chosen)
}

/// The installed packages to remove; with `purge` also those of which only configuration is left.
pub(super) fn to_remove(specs: &[PackageSpec], purge: bool, installed: &DpkgStatus) -> Vec<String> {
    let wanted = |spec: &PackageSpec| {
        installed.find(&spec.name).is_some_and(|package| {
            (package.is_installed() && spec.accepts(&package.version)) || (purge && package.has_config_files())
        })
    };
    specs.iter().filter(|spec| wanted(spec)).map(|spec| spec.name.clone()).collect()
}

/// Replaces patterns by the names they match; a pattern that matches nothing is an error.
pub(super) fn expand_patterns(
    specs: Vec<PackageSpec>,
    known: impl FnOnce() -> Result<Vec<String>, ModuleError>,
) -> Result<Vec<PackageSpec>, ModuleError> {
    if !specs.iter().any(PackageSpec::is_pattern) {
        return Ok(specs);
    }
    let names = known()?;
    let mut expanded = Vec::new();
    for spec in specs {
        if !spec.is_pattern() {
            expanded.push(spec);
            continue;
        }
        let before = expanded.len();
        expanded.extend(names.iter().filter(|name| spec.name_matches(name)).map(|name| spec.renamed(name)));
        if expanded.len() == before {
            return Err(ModuleError::failed(format!("No package(s) matching '{}' available", spec.name)));
        }
    }
    Ok(expanded)
}

/// Whether it can be a package's name at all; apt would take other text for an option, a pattern or a release.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b':' | b'_' | b'~');
    name.starts_with(|first: char| first.is_ascii_alphanumeric()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Args;

    const STATUS: &str = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2\n\n\
        Package: bc\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1.0\n";
    const POLICY: &str = "bash:\n  Installed: 5.2\n  Candidate: 5.3\n  Version table:\n     5.3 500\n *** 5.2 100\n\
        hello:\n  Installed: (none)\n  Candidate: 2.10\n  Version table:\n     2.10 500\n     2.9 400\n\
        awk:\n  Installed: (none)\n  Candidate: (none)\n  Version table:\n";

    fn request(state: &str, more: &Value) -> Request {
        let mut values = json!({"state": state, "upgrade": "no", "dpkg_options": "", "lock_timeout": 60,
            "update_cache_retries": 5, "update_cache_retry_max_delay": 12});
        values.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        Request::new(&Args::of_map(values.as_object().unwrap()), false).unwrap()
    }

    fn chosen(name: &str, state: &str, more: &Value) -> String {
        let (installed, request) = (DpkgStatus::parse(STATUS), request(state, more));
        let specs = undecided(&[PackageSpec::parse(name)], &request, &installed);
        match to_install(&specs, &request, &installed, &Policy::parse(POLICY)) {
            Ok(chosen) => chosen.join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn installs_what_is_missing_or_outdated() {
        let cases = [
            ("bash", "present", ""),
            ("bash", "latest", "bash=5.3"),
            ("bash=5.2", "present", ""),
            ("bash=5.2", "latest", ""),
            ("bash=5.*", "latest", "bash=5.3"),
            ("bash>=5.3", "present", "bash=5.3"),
            ("bash<5.2", "present", "no available installation candidate for bash<5.2"),
            ("hello", "present", "hello"),
            ("hello", "latest", "hello"),
            ("hello=2.9", "present", "hello=2.9"),
            ("hello=2.*", "present", "hello=2.10"),
            ("hello=3.*", "present", "no available installation candidate for hello=3.*"),
            ("awk", "present", "awk"),
            ("nosuch", "present", "No package matching 'nosuch' is available"),
            ("", "present", "No package matching '' is available"),
            ("-o", "present", "No package matching '-o' is available"),
        ];
        for (name, state, expected) in cases {
            assert_eq!(chosen(name, state, &json!({})), expected, "{name} {state}");
        }
        assert_eq!(chosen("hello", "present", &json!({"only_upgrade": true})), "");
    }

    #[test]
    fn removes_what_is_there() {
        let installed = DpkgStatus::parse(STATUS);
        let removed = |name: &str, purge| to_remove(&[PackageSpec::parse(name)], purge, &installed).join(" ");
        assert_eq!(removed("bash", false), "bash");
        assert_eq!(removed("bash=1.0", false), "");
        assert_eq!(removed("bc", false), "");
        assert_eq!(removed("bc", true), "bc");
        assert_eq!(removed("nosuch", true), "");
    }

    #[test]
    fn patterns_become_names() {
        let known = || Ok(vec!["lib-a".to_owned(), "lib-b".to_owned(), "other".to_owned()]);
        let names = |text: &str| {
            let specs = expand_patterns(vec![PackageSpec::parse(text)], known);
            specs.map(|specs| specs.into_iter().map(|spec| spec.name).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(names("lib-*").unwrap(), "lib-a lib-b");
        assert_eq!(names("anything").unwrap(), "anything");
        assert_eq!(names("z*").unwrap_err().to_string(), "No package(s) matching 'z*' available");
    }
}
