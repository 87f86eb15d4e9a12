//! Containers and directory trees: what is put in front of the shell to be inside of one.

use std::path::Path;

use crate::program::Program;
use crate::{ConnectionError, ConnectionSpec};

/// What a container's connection needs besides its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ContainerOptions {
    /// `None`: the program of that kind of container.
    pub program: Option<String>,
    /// More arguments for the program itself, before its command.
    pub extra_args: String,
    pub working_directory: Option<String>,
    pub privileged: bool,
    pub environment: Vec<(String, String)>,
    /// `chroot` is tried by others than root, too.
    pub any_user: bool,
    /// The server of a container, of `lxd` and `incus`; `None`: this machine.
    pub remote: Option<String>,
    pub project: Option<String>,
    /// What makes root another user where the program cannot.
    pub switch_user: Option<String>,
}

type Enter = fn(&ConnectionSpec, &ContainerOptions) -> Result<Vec<String>, String>;

/// One row per kind: names, the program, how it is told where to go, and who one is there unless told otherwise.
struct Kind {
    names: &'static [&'static str],
    program: &'static str,
    enter: Enter,
    default_user: Option<&'static str>,
}

static KINDS: &[Kind] = &[
    Kind { names: &["docker", "docker_api"], program: "docker", enter: docker, default_user: None },
    Kind { names: &["podman"], program: "podman", enter: podman, default_user: None },
    Kind { names: &["buildah"], program: "buildah", enter: buildah, default_user: None },
    Kind { names: &["lxd"], program: "lxc", enter: lxd, default_user: Some("root") },
    Kind { names: &["incus"], program: "incus", enter: incus, default_user: Some("root") },
    Kind { names: &["lxc"], program: "lxc-attach", enter: lxc, default_user: Some("root") },
    Kind { names: &["chroot"], program: "chroot", enter: chroot, default_user: Some("root") },
    Kind { names: &["nspawn"], program: "systemd-nspawn", enter: nspawn, default_user: Some("root") },
];

/// A container that is not there or not running, an engine that does not answer.
const ABSENCES: &[&str] = &[
    "No such container",
    "no such container",
    "no container with",
    "is not running",
    "can only create exec sessions on running containers",
    "Cannot connect to the Docker daemon",
    "Instance not found",
    "container not known",
];

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().flat_map(|kind| kind.names.iter().copied())
}

/// Who is logged in; `None`: only the container knows.
pub(crate) fn login_user(spec: &ConnectionSpec) -> Option<String> {
    let default = find(&spec.kind).and_then(|kind| kind.default_user).map(str::to_owned);
    spec.user.clone().filter(|user| !user.is_empty()).or(default)
}

/// `None`: no such kind of container.
pub(crate) fn program(spec: &ConnectionSpec) -> Option<Result<Program, ConnectionError>> {
    let kind = find(&spec.kind)?;
    let options = &spec.container;
    let words = || {
        let program = options.program.as_deref().filter(|program| !program.is_empty()).unwrap_or(kind.program);
        let extra = shell_words::split(&options.extra_args)
            .map_err(|_| format!("unbalanced quotes in the arguments for {program}: {}", options.extra_args))?;
        let enter = (kind.enter)(spec, options)?;
        Ok([vec![program.to_owned()], extra, enter].concat())
    };
    let failed = |message| ConnectionError::Configuration { host: spec.host.clone(), message };
    let program =
        |words| Program { environment: options.environment.clone(), absences: ABSENCES, ..Program::new(words) };
    Some(words().map(program).map_err(failed))
}

fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.names.contains(&name))
}

/// `docker exec -i -u USER NAME`. Values of variables go through the program's own environment, as everybody can read
/// its arguments; but for those it may need for itself.
fn docker(spec: &ConnectionSpec, options: &ContainerOptions) -> Result<Vec<String>, String> {
    let mut words = vec!["exec".to_owned(), "-i".to_owned()];
    let is_its_own = |name: &str| std::env::var_os(name).is_some() || name.starts_with("LD_");
    let variable =
        |(name, value): &(String, String)| if is_its_own(name) { format!("{name}={value}") } else { name.clone() };
    words.extend(options.environment.iter().flat_map(|entry| ["-e".to_owned(), variable(entry)]));
    words.extend(options.working_directory.iter().flat_map(|directory| ["-w".to_owned(), directory.clone()]));
    words.extend(spec.user.iter().flat_map(|user| ["-u".to_owned(), user.clone()]));
    words.extend(options.privileged.then(|| "--privileged".to_owned()));
    words.push(name(spec)?);
    Ok(words)
}

/// `podman exec -i --user USER NAME`.
fn podman(spec: &ConnectionSpec, options: &ContainerOptions) -> Result<Vec<String>, String> {
    docker(spec, options)
}

/// `buildah run --user USER NAME --`.
fn buildah(spec: &ConnectionSpec, _: &ContainerOptions) -> Result<Vec<String>, String> {
    let user = spec.user.iter().flat_map(|user| ["--user".to_owned(), user.clone()]);
    Ok(["run".to_owned()].into_iter().chain(user).chain([name(spec)?, "--".to_owned()]).collect())
}

/// `lxc exec -T local:NAME --`. The first part of a full name is the instance's.
fn lxd(spec: &ConnectionSpec, options: &ContainerOptions) -> Result<Vec<String>, String> {
    let name = name(spec)?;
    Ok(instance(name.split('.').next().unwrap_or(&name), options, spec.user.as_deref()))
}

/// `incus exec -T local:NAME --`.
fn incus(spec: &ConnectionSpec, options: &ContainerOptions) -> Result<Vec<String>, String> {
    Ok(instance(&name(spec)?, options, spec.user.as_deref()))
}

fn instance(name: &str, options: &ContainerOptions, user: Option<&str>) -> Vec<String> {
    let remote = options.remote.as_deref().unwrap_or("local");
    let mut words: Vec<String> =
        options.project.iter().flat_map(|project| ["--project".to_owned(), project.clone()]).collect();
    words.extend(["exec", "-T", &format!("{remote}:{name}"), "--"].map(str::to_owned));
    if let Some(user) = user.filter(|user| !user.is_empty() && *user != "root") {
        // `/bin/sh -c COMMAND` follows: these are $1 to $3.
        let switch = shell_words::quote(options.switch_user.as_deref().unwrap_or("/bin/su")).into_owned();
        words.extend([
            "/bin/sh".to_owned(),
            "-c".to_owned(),
            format!("exec {switch} \"$0\" -c \"$3\""),
            user.to_owned(),
        ]);
    }
    words
}

/// `lxc-attach --clear-env -n NAME --`.
fn lxc(spec: &ConnectionSpec, _: &ContainerOptions) -> Result<Vec<String>, String> {
    Ok(vec!["--clear-env".to_owned(), "-n".to_owned(), name(spec)?, "--".to_owned()])
}

/// `chroot DIRECTORY`.
fn chroot(spec: &ConnectionSpec, options: &ContainerOptions) -> Result<Vec<String>, String> {
    if !options.any_user && !rustix::process::geteuid().is_root() {
        return Err("chroot connection requires running as root".to_owned());
    }
    Ok(vec![tree(spec)?])
}

/// `systemd-nspawn --directory=DIRECTORY`: a directory tree for the time of a connection. Its image is not locked, as
/// every user one becomes there is a container of its own.
fn nspawn(spec: &ConnectionSpec, _: &ContainerOptions) -> Result<Vec<String>, String> {
    let user = spec.user.iter().map(|user| format!("--user={user}"));
    let words = ["--quiet", "--console=pipe", "--as-pid2", "--register=no", "--keep-unit"];
    let directory = format!("--directory={}", tree(spec)?);
    Ok(words.into_iter().map(str::to_owned).chain(user).chain([directory]).collect())
}

/// A name the program cannot take for an option.
fn name(spec: &ConnectionSpec) -> Result<String, String> {
    match spec.address.starts_with('-') || spec.address.is_empty() {
        true => Err(format!("'{}' is no name of a container", spec.address)),
        false => Ok(spec.address.clone()),
    }
}

/// A directory with a shell in it.
fn tree(spec: &ConnectionSpec) -> Result<String, String> {
    let root = Path::new(&spec.address);
    if !root.is_absolute() || !root.is_dir() {
        return Err(format!("{} is not a directory", spec.address));
    }
    // What a link points to is only there inside.
    if root.join("bin").symlink_metadata().is_err() {
        return Err(format!("{} does not look like a chrootable dir (/bin/sh missing)", spec.address));
    }
    Ok(spec.address.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(kind: &str, address: &str, options: ContainerOptions) -> Result<String, String> {
        let spec = ConnectionSpec {
            kind: kind.into(),
            address: address.into(),
            user: Some("me".into()),
            container: options,
            ..ConnectionSpec::ssh("box")
        };
        let program = program(&spec).expect("a kind of container");
        program.map(|program| program.words.join(" ")).map_err(|error| error.to_string())
    }

    #[test]
    fn command_lines() {
        let plain = ContainerOptions::default;
        let full = ContainerOptions {
            program: Some("/opt/docker".into()),
            extra_args: "--host 'a b'".into(),
            working_directory: Some("/srv".into()),
            privileged: true,
            environment: vec![("KAPELL_A".into(), "1".into()), ("PATH".into(), "/p".into())],
            ..plain()
        };
        let far = || ContainerOptions { remote: Some("far".into()), project: Some("p".into()), ..plain() };
        let cases = [
            ("docker", "box", plain(), "docker exec -i -u me box"),
            (
                "docker",
                "box",
                full,
                "/opt/docker --host a b exec -i -e KAPELL_A -e PATH=/p -w /srv -u me --privileged box",
            ),
            ("podman", "box", plain(), "podman exec -i -u me box"),
            ("buildah", "box", plain(), "buildah run --user me box --"),
            ("lxd", "box.example.org", plain(), "lxc exec -T local:box -- /bin/sh -c exec /bin/su \"$0\" -c \"$3\" me"),
            ("incus", "box", far(), "incus --project p exec -T far:box -- /bin/sh -c exec /bin/su \"$0\" -c \"$3\" me"),
            ("lxc", "box", plain(), "lxc-attach --clear-env -n box --"),
            ("chroot", "/", ContainerOptions { any_user: true, ..plain() }, "chroot /"),
            (
                "nspawn",
                "/",
                plain(),
                "systemd-nspawn --quiet --console=pipe --as-pid2 --register=no --keep-unit --user=me --directory=/",
            ),
        ];
        for (kind, address, options, expected) in cases {
            assert_eq!(words(kind, address, options).as_deref(), Ok(expected), "{kind}");
        }
        assert!(words("docker", "--privileged", plain()).is_err());
        let error = words("nspawn", "/nowhere", plain()).unwrap_err();
        assert!(error.contains("/nowhere is not a directory"), "{error}");
    }
}
