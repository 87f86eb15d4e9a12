//! `ansible.builtin.package_facts`: installed packages as a fact.

use serde_json::{Value, json};

use crate::debian::dpkg_status::DpkgStatus;
use crate::{Arg, Args, CommandSpec, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.package_facts", ARGS, run);

const ARGS: &[Arg] =
    &[Arg::list("manager").default("auto"), Arg::str("strategy").default("first").choices(&["first", "all"])];

/// A package manager: its name, the other names of those that share its database, the program it cannot do without,
/// and the reader of its packages.
struct Manager {
    name: &'static str,
    aliases: &'static [&'static str],
    program: &'static str,
    read: Option<Read>,
}

/// Name and description of every package; `None` when the node does not have this manager.
type Read = fn(&mut Context<'_>) -> Result<Option<Vec<(String, Value)>>, ModuleError>;

/// In the order they are tried. Those of other systems and of Gentoo cannot be read.
static MANAGERS: [Manager; 7] = [
    Manager { name: "apk", aliases: &[], program: "apk", read: Some(apk) },
    Manager { name: "apt", aliases: &[], program: "apt", read: Some(apt) },
    Manager { name: "pacman", aliases: &[], program: "pacman", read: Some(pacman) },
    Manager { name: "pkg", aliases: &["pkg5", "pkgng"], program: "pkg", read: None },
    Manager { name: "pkg_info", aliases: &["openbsd_pkg"], program: "pkg_info", read: None },
    Manager { name: "portage", aliases: &[], program: "qlist", read: None },
    Manager { name: "rpm", aliases: &["dnf", "dnf5", "yum", "zypper"], program: "rpm", read: Some(rpm) },
];

impl Manager {
    fn packages(&self, cx: &mut Context<'_>) -> Result<Option<Vec<(String, Value)>>, ModuleError> {
        self.read.map_or(Ok(None), |read| read(cx))
    }

    /// With a database, even if it is an empty one.
    fn is_there(&self, cx: &mut Context<'_>) -> bool {
        self.packages(cx).is_ok_and(|list| list.is_some())
    }

    fn unusable(&self, cx: &Context<'_>) -> String {
        let name = self.name;
        let unusable =
            |reason: &str| format!("Requested package manager {name} was not usable by this module: {reason}");
        match cx.require_program(self.program) {
            Err(error) => unusable(&error.to_string()),
            Ok(_) if self.read.is_none() => unusable("reading its packages is not supported"),
            Ok(_) => format!("Failed to retrieve packages with {name}: Unable to list packages, there are none"),
        }
    }
}

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let asked = args.list_of_str("manager");
    let names = expanded(&asked);
    let unknown: Vec<&str> = names.iter().filter(|name| manager(name).is_none()).map(String::as_str).collect();
    if !unknown.is_empty() {
        return Err(ModuleError::failed(format!("Unsupported package managers requested: {}", unknown.join(", "))));
    }
    let only_first = args.str("strategy")? == "first";
    let mut packages: Map = Map::new();
    let (mut found, mut tried) = (false, Vec::new());
    for name in &names {
        let Some(manager) = manager(name).filter(|manager| !tried.contains(&manager.name)) else {
            continue;
        };
        if found && only_first {
            break;
        }
        tried.push(manager.name);
        let list = manager.packages(cx)?;
        if list.as_ref().is_some_and(Vec::is_empty) {
            cx.warn(format!("Found \"{}\" but no associated packages", manager.name));
        }
        let Some(list) = list.filter(|list| !list.is_empty()) else {
            if asked.iter().any(|asked| asked == manager.name) && !manager.is_there(cx) {
                let warning = manager.unusable(cx);
                cx.warn(warning);
            }
            continue;
        };
        found = true;
        for (name, package) in list {
            if let Value::Array(versions) = packages.entry(name).or_insert_with(|| json!([])) {
                versions.push(package);
            }
        }
    }
    if !found {
        return Err(ModuleError::failed(format!(
            "Could not detect a supported package manager from the following list: {}, or the required Python library \
             is not installed. Check warnings for details.",
            crate::python_repr::repr(&json!(names))
        )));
    }
    Ok(ModuleResult::ok().fact("packages", packages))
}

fn manager(name: &str) -> Option<&'static Manager> {
    MANAGERS.iter().find(|manager| manager.name == name || manager.aliases.contains(&name))
}

/// `auto` stands for every name there is.
fn expanded(asked: &[String]) -> Vec<String> {
    let mut names: Vec<String> = asked.iter().filter(|name| *name != "auto").cloned().collect();
    if names.len() < asked.len() {
        let all = MANAGERS.iter().flat_map(|manager| [manager.name].into_iter().chain(manager.aliases.iter().copied()));
        names.extend(all.map(str::to_owned));
    }
    names
}

fn apt(cx: &mut Context<'_>) -> Result<Option<Vec<(String, Value)>>, ModuleError> {
    if !cx.exists("/var/lib/dpkg/status") {
        return Ok(None);
    }
    let installed = DpkgStatus::read(cx)?;
    let packages = installed.all().filter(|package| package.is_installed());
    let described = packages.map(|package| {
        let value = json!({"name": package.name, "version": package.version, "arch": package.architecture,
            "category": package.section, "origin": "", "source": "apt"});
        (package.name.clone(), value)
    });
    Ok(Some(described.collect()))
}

fn rpm(cx: &mut Context<'_>) -> Result<Option<Vec<(String, Value)>>, ModuleError> {
    if cx.which("rpm").is_none() || !(cx.exists("/var/lib/rpm") || cx.exists("/usr/lib/sysimage/rpm")) {
        return Ok(None);
    }
    let format = "%{NAME}\\t%{VERSION}\\t%{RELEASE}\\t%{EPOCH}\\t%{ARCH}\\n";
    let output = cx.run_read(&CommandSpec::new(["rpm", "-qa", "--qf", format]))?;
    Ok(Some(output.stdout().lines().filter_map(rpm_package).collect()).filter(|list: &Vec<_>| !list.is_empty()))
}

fn rpm_package(line: &str) -> Option<(String, Value)> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [name, version, release, epoch, arch] = fields[..] else { return None };
    let (epoch, arch) = (epoch.parse::<i64>().ok(), Some(arch).filter(|arch| *arch != "(none)"));
    let value =
        json!({"name": name, "version": version, "release": release, "epoch": epoch, "arch": arch, "source": "rpm"});
    Some((name.to_owned(), value))
}

fn apk(cx: &mut Context<'_>) -> Result<Option<Vec<(String, Value)>>, ModuleError> {
    let text = cx.read_text("/lib/apk/db/installed")?;
    Ok(text.map(|text| text.split("\n\n").filter_map(apk_package).collect()))
}

/// `P:name`, `V:version-release`, `A:arch`.
fn apk_package(stanza: &str) -> Option<(String, Value)> {
    let field = |key: &str| stanza.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    let name = field("P")?;
    let (version, release) = field("V")?.rsplit_once('-').unwrap_or((field("V")?, ""));
    Some((name.to_owned(), json!({"name": name, "version": version, "release": release, "source": "apk"})))
}

fn pacman(cx: &mut Context<'_>) -> Result<Option<Vec<(String, Value)>>, ModuleError> {
    let Ok(dirs) = cx.list_dir("/var/lib/pacman/local") else { return Ok(None) };
    let mut packages = Vec::new();
    for dir in dirs {
        packages.extend(cx.read_text(dir.join("desc"))?.as_deref().and_then(pacman_package));
    }
    Ok(Some(packages))
}

/// `%NAME%` and its value on the next line.
fn pacman_package(text: &str) -> Option<(String, Value)> {
    let field = |key: &str| {
        let mut lines = text.lines();
        lines.find(|line| *line == format!("%{key}%"))?;
        lines.next().map(str::to_owned)
    };
    let name = field("NAME")?;
    Some((name.clone(), json!({"name": name, "version": field("VERSION")?, "arch": field("ARCH"), "source": "pacman"})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_are_understood() {
        let (_, package) = rpm_package("bash\t5.1\t9.el9\t(none)\tx86_64").unwrap();
        assert_eq!(package["epoch"], Value::Null);
        let (name, package) = apk_package("C:Q1\nP:musl\nV:1.2.4-r2\nA:x86_64").unwrap();
        assert_eq!((name.as_str(), &package["release"]), ("musl", &json!("r2")));
        let (_, package) = pacman_package("%NAME%\nbash\n\n%VERSION%\n5.2-1\n\n%ARCH%\nx86_64\n").unwrap();
        assert_eq!(package["version"], "5.2-1");
    }
}
