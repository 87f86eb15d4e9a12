//! The base image under every host: Debian with systemd, sshd and sudo, and repositories inside it so that apt and npm
//! install what the shipped roles ask for without any network. Built once per machine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::Result;
use clap::ValueEnum;

use super::{access, host, modules_layer};
use crate::command::{command, run, run_logged};
use crate::lab::Lab;

/// Part of the directory's name: a base of another version is built anew beside the old one.
const VERSION: u32 = 1;
const RELEASE: &str = "bookworm";
const MIRROR: &str = "http://deb.debian.org/debian";
const INCLUDE: &str = "systemd,systemd-sysv,dbus,openssh-server,sudo,iproute2,procps,ca-certificates,apt-utils";
/// What a role may install on a host.
const REPOSITORY: &[&str] = &["nodejs", "npm", "nginx", "acl", "curl", "cron", "rsync", "git", "unzip"];
const PYTHON: &[&str] = &["python3", "python3-apt"];

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Variant {
    /// With Python, which ansible-playbook needs on its managed nodes.
    Python,
    /// Nothing but sshd and a POSIX shell, which is all Kapell needs.
    Bare,
    /// With Python and with what modules work on: databases, firewalls, cron, dnf, pip, git.
    Modules,
}

/// The image's layers, topmost first, for an overlay's `lowerdir`.
pub(super) fn ensure_built(lab: &Lab, variant: Variant) -> Result<Vec<PathBuf>> {
    let directory = lab.path(format!("base-{RELEASE}-{VERSION}"));
    fs_err::create_dir_all(lab.path(""))?;
    let lock = fs_err::File::create(lab.path("base.lock"))?.into_file();
    lock.lock()?;
    let base = Base { directory };
    if !base.directory.exists() {
        base.build(lab)?;
    }
    if variant == Variant::Modules && !base.modules().exists() {
        println!("building the layer for modules (once; log in {})", lab.path("base.log").display());
        base.modules_layer(&lab.path("base.log"))?;
    }
    Ok(match variant {
        Variant::Bare => vec![base.bare()],
        Variant::Python => vec![base.python(), base.bare()],
        Variant::Modules => vec![base.modules(), base.python(), base.bare()],
    })
}

/// Changes whenever hosts of the fullest image would be other ones.
pub(crate) const fn image_version() -> (u32, u32) {
    (VERSION, modules_layer::VERSION)
}

/// The image of cases that need a whole system: builds it, and leaves its layers where those tests look for them.
pub(crate) fn image_for_cases(lab: &Lab) -> Result<String> {
    let layers: Vec<String> =
        ensure_built(lab, Variant::Modules)?.iter().map(|layer| layer.display().to_string()).collect();
    let layers = layers.join(":");
    fs_err::write(lab.path("modules-image"), format!("{layers}\n"))?;
    Ok(layers)
}

struct Base {
    directory: PathBuf,
}

impl Base {
    fn bare(&self) -> PathBuf {
        self.directory.join("bare")
    }

    fn python(&self) -> PathBuf {
        self.directory.join("python")
    }

    /// Named after its contents' version, like the whole.
    fn modules(&self) -> PathBuf {
        self.directory.join(format!("modules-{}", modules_layer::VERSION))
    }

    /// Builds under another name, so that an interrupted build is never taken for a finished one.
    fn build(&self, lab: &Lab) -> Result<()> {
        let started = Instant::now();
        let unfinished = Self { directory: self.directory.with_extension("unfinished") };
        if unfinished.directory.exists() {
            let _ = run(command(["umount", "-l"]).arg(unfinished.directory.join("scratch/root")));
            fs_err::remove_dir_all(&unfinished.directory)?;
        }
        fs_err::create_dir_all(&unfinished.directory)?;
        let log = lab.path("base.log");
        println!("building the base image (once; log in {})", log.display());
        for (what, stage) in STAGES {
            println!("  {:>5.1} s  {what}", started.elapsed().as_secs_f32());
            stage(&unfinished, &log)?;
        }
        fs_err::rename(&unfinished.directory, &self.directory)?;
        println!("base image built in {:.0} s", started.elapsed().as_secs_f32());
        Ok(())
    }

    fn debootstrap(&self, log: &Path) -> Result<()> {
        let include = format!("--include={INCLUDE}");
        run_logged(command(["debootstrap", "--variant=minbase", &include, RELEASE]).arg(self.bare()).arg(MIRROR), log)?;
        // Hosts are thrown away: nothing is gained by syncing each unpacked file.
        Ok(fs_err::write(self.bare().join("etc/dpkg/dpkg.cfg.d/lab"), "force-unsafe-io\n")?)
    }

    /// Fetches the packages and whatever they depend on into /srv/apt, with an index: apt's only source from then on.
    fn apt_repository(&self, log: &Path) -> Result<()> {
        let packages = [REPOSITORY, PYTHON].concat().join(" ");
        let script = format!(
            "set -eu; apt-get update -q; apt-get install -q -y --no-install-recommends --download-only {packages}
             mkdir -p /srv/apt; mv /var/cache/apt/archives/*.deb /srv/apt/; cd /srv/apt
             apt-ftparchive packages . > Packages; apt-ftparchive release . > Release
             rm -rf /var/lib/apt/lists/*; echo 'deb [trusted=yes] file:/srv/apt ./' > /etc/apt/sources.list; apt-get update -q"
        );
        run_logged(spawn(&self.bare()).args(["sh", "-c", &script]), log)
    }

    /// Installs pm2 in a throw-away copy with npm's cache in /srv/npm-cache; with `offline`, npm then needs nothing else.
    fn npm_cache(&self, log: &Path) -> Result<()> {
        let cache = self.bare().join("srv/npm-cache");
        fs_err::create_dir_all(&cache)?;
        let script = "set -eu; apt-get install -q -y --no-install-recommends nodejs npm
                      npm install --global --no-audit --no-fund --no-progress --cache /srv/npm-cache pm2";
        self.in_scratch(&[self.bare()], |root| {
            let mut npm = spawn_trusting(root);
            npm.arg(format!("--bind={}:/srv/npm-cache", cache.display()));
            run_logged(npm.args(["sh", "-c", script]), log)
        })?;
        Ok(fs_err::write(
            self.bare().join("etc/npmrc"),
            "offline=true\ncache=/srv/npm-cache\naudit=false\nfund=false\n",
        )?)
    }

    fn settle(&self, log: &Path) -> Result<()> {
        let user = access::USER;
        let script = format!(
            "set -eu; useradd --create-home --shell /bin/sh --password '*' {user}
             echo '{user} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/{user}
             systemctl enable systemd-networkd ssh; systemctl mask systemd-networkd-wait-online.service \
               apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service console-getty.service
             rm -f /etc/ssh/ssh_host_* /etc/resolv.conf; : > /etc/machine-id"
        );
        run_logged(spawn(&self.bare()).args(["sh", "-c", &script]), log)?;
        let sshd = "MaxStartups 200\nMaxSessions 200\nUseDNS no\nHostKey /etc/ssh/ssh_host_ed25519_key\n";
        Ok(fs_err::write(self.bare().join("etc/ssh/sshd_config.d/lab.conf"), sshd)?)
    }

    /// Python as a layer of its own over the bare image.
    fn python_layer(&self, log: &Path) -> Result<()> {
        let script = format!("apt-get install -q -y --no-install-recommends {}", PYTHON.join(" "));
        self.in_scratch(&[self.bare()], |root| run_logged(spawn(root).args(["sh", "-c", &script]), log))?;
        fs_err::rename(self.directory.join("scratch/upper"), self.python())?;
        Ok(())
    }

    /// What modules work on as a layer over the one with Python.
    fn modules_layer(&self, log: &Path) -> Result<()> {
        let layers = [self.python(), self.bare()];
        self.in_scratch(&layers, |root| modules_layer::install(|| spawn_trusting(root), MIRROR, RELEASE, log))?;
        fs_err::rename(self.directory.join("scratch/upper"), self.modules())?;
        Ok(())
    }

    /// Runs `work` on a writable copy of `layers`, topmost first; the changes are left in `scratch/upper`.
    fn in_scratch(&self, layers: &[PathBuf], work: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let scratch = self.directory.join("scratch");
        if scratch.exists() {
            let _ = run(command(["umount", "-l"]).arg(scratch.join("root")));
            fs_err::remove_dir_all(&scratch)?;
        }
        for child in ["upper", "work", "root"] {
            fs_err::create_dir_all(scratch.join(child))?;
        }
        let root = scratch.join("root");
        host::mount_overlay(&root, layers, &scratch.join("upper"), &scratch.join("work"))?;
        let outcome = work(&root);
        run(command(["umount"]).arg(&root))?;
        outcome
    }
}

type Stage = fn(&Base, &Path) -> Result<()>;

const STAGES: &[(&str, Stage)] = &[
    ("debootstrap", Base::debootstrap),
    ("a package repository inside", Base::apt_repository),
    ("an npm cache inside", Base::npm_cache),
    ("user, sudo, sshd, services", Base::settle),
    ("the layer with Python", Base::python_layer),
];

/// As `spawn`, for programs that talk to registries: the machine may reach them through a proxy that signs with a
/// certificate of its own.
fn spawn_trusting(root: &Path) -> Command {
    let mut nspawn = spawn(root);
    let authorities = Path::new("/etc/ssl/certs/ca-certificates.crt");
    if authorities.exists() {
        nspawn.arg(format!("--bind-ro={}:/run/ca.crt", authorities.display()));
        nspawn.args(["--setenv=npm_config_cafile=/run/ca.crt", "--setenv=PIP_CERT=/run/ca.crt"]);
    }
    nspawn
}

/// The start of a command line that runs in `root` with this machine's network.
fn spawn(root: &Path) -> Command {
    let mut nspawn = command(["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--console=pipe"]);
    nspawn.args(["--resolv-conf=replace-host", "--timezone=off", "--as-pid2"]);
    nspawn.arg("--directory").arg(root).arg("--setenv=DEBIAN_FRONTEND=noninteractive");
    nspawn
}
