//! The packages in clean Debian systems: installed, the README's commands walked through, an Ansible that is there left
//! alone, removed again.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::Packages;
use crate::command::{command, is_installed, run, run_logged};
use crate::lab::Lab;

const RELEASE: &str = "bookworm";
const MIRROR: &str = "http://deb.debian.org/debian";
/// What people who run playbooks have of the repository.
const CONTENT: &[&str] = &["ansible.cfg", "inventory", "playbooks", "roles"];
/// What holds of every installed system, as a shell script.
const IN_PLACE: &str = "set -eu
kapell --version
test ! -e /usr/bin/python3
zcat /usr/share/man/man1/kapell-playbook.1.gz | grep -q '^.TH'
bash -n /usr/share/bash-completion/completions/kapell
test -s /usr/share/doc/kapell/LICENSE-MIT";
/// Ansible's names lead to the program.
const NAMES: &str = "set -eu
for name in ansible ansible-config ansible-console ansible-doc ansible-galaxy ansible-inventory ansible-playbook ansible-pull ansible-vault; do
    test \"$(readlink -f \"$(command -v $name)\")\" = /usr/bin/kapell
    $name --version | grep -q kapell
done";
const GONE: &str =
    "for path in /usr/bin/kapell /usr/bin/ansible /usr/bin/ansible-playbook /etc/alternatives/ansible; do
    if test -e $path || test -h $path; then echo $path is left; exit 1; fi
done";

pub(super) fn check(lab: &Lab, packages: &Packages) -> Result<()> {
    for tool in ["debootstrap", "systemd-nspawn", "rpm"] {
        ensure!(is_installed(tool), "{tool} is missing: apt install debootstrap systemd-container rpm");
    }
    let base = clean_root(lab)?;
    let commands = commands(&lab.repository().join("README.md"))?;
    with_deb(&System::new(lab, &base, "deb")?, &packages.deb, &commands)?;
    beside_ansible(&System::new(lab, &base, "deb-beside-ansible")?, &packages.deb)?;
    with_rpm(&System::new(lab, &base, "rpm")?, &packages.rpm, &commands)?;
    with_archive(&System::new(lab, &base, "archive")?, &packages.archive, &commands)
}

fn with_deb(system: &System, deb: &Path, commands: &[String]) -> Result<()> {
    system.bring(deb, "srv/kapell.deb")?;
    system.run("dpkg --install /srv/kapell.deb")?;
    system.run(IN_PLACE)?;
    system.run(NAMES)?;
    system.walk_through(commands)?;
    system.run("dpkg --install /srv/kapell.deb")?;
    system.run(NAMES)?;
    system.run("dpkg --remove kapell")?;
    system.run(GONE)?;
    println!("deb: installed, {} commands of the README, installed once more, removed", commands.len());
    Ok(())
}

/// A file that is there before has its name afterwards.
fn beside_ansible(system: &System, deb: &Path) -> Result<()> {
    let ansible = "#!/bin/sh\necho the real one\n";
    for name in ["ansible", "ansible-playbook"] {
        let path = system.root.join("usr/bin").join(name);
        fs_err::write(&path, ansible)?;
        run(command(["chmod", "755"]).arg(&path))?;
    }
    system.bring(deb, "srv/kapell.deb")?;
    system.run("dpkg --install /srv/kapell.deb && kapell --version")?;
    system.run("test \"$(ansible-playbook)\" = 'the real one' && test \"$(ansible)\" = 'the real one'")?;
    system.run("dpkg --remove kapell && test \"$(ansible-playbook)\" = 'the real one'")?;
    println!("deb: an Ansible that was there keeps its names");
    Ok(())
}

/// By rpm from outside, as into a fresh image. Its only dependency is a shell, of which this system's rpm does not know.
fn with_rpm(system: &System, rpm: &Path, commands: &[String]) -> Result<()> {
    run(command(["rpm", "--root"]).arg(&system.root).args(["--install", "--nodeps", "--nosignature"]).arg(rpm))?;
    system.run(IN_PLACE)?;
    system.run(NAMES)?;
    system.walk_through(commands)?;
    run(command(["rpm", "--root"]).arg(&system.root).args(["--erase", "kapell"]))?;
    system.run(GONE)?;
    println!("rpm: installed, {} commands of the README, removed", commands.len());
    Ok(())
}

fn with_archive(system: &System, archive: &Path, commands: &[String]) -> Result<()> {
    system.bring(archive, "srv/kapell.tar.gz")?;
    system.run("mkdir /opt/kapell && tar -xzf /srv/kapell.tar.gz --strip-components=1 -C /opt/kapell")?;
    system.run("ln -s /opt/kapell/bin/kapell /usr/local/bin/ && kapell --version")?;
    system.walk_through(commands)?;
    println!("tar.gz: unpacked, {} commands of the README", commands.len());
    Ok(())
}

/// The README's commands but those that say why they are not run.
fn commands(readme: &Path) -> Result<Vec<String>> {
    let text = fs_err::read_to_string(readme)?;
    let mut commands = Vec::new();
    let mut within = None;
    for line in text.lines() {
        match (within, line) {
            (None, "```sh") => within = Some(""),
            (None, "```console") => within = Some("$ "),
            (_, "```") => within = None,
            (Some(mark), line) => commands.extend(line.strip_prefix(mark).map(ToOwned::to_owned)),
            (None, _) => {}
        }
    }
    ensure!(!commands.is_empty(), "no commands in {}", readme.display());
    Ok(commands)
}

/// A minimal Debian, bootstrapped once.
fn clean_root(lab: &Lab) -> Result<PathBuf> {
    let root = lab.path(format!("package-{RELEASE}"));
    if !root.exists() {
        println!("bootstrapping a clean Debian (once; log in {})", lab.path("package.log").display());
        let unfinished = root.with_extension("unfinished");
        let _ = fs_err::remove_dir_all(&unfinished);
        fs_err::create_dir_all(lab.path(""))?;
        let mut debootstrap = command(["debootstrap", "--variant=minbase", RELEASE]);
        run_logged(debootstrap.arg(&unfinished).arg(MIRROR), &lab.path("package.log"))?;
        fs_err::rename(&unfinished, &root)?;
    }
    Ok(root)
}

/// A copy of the clean system, gone when dropped.
struct System {
    name: &'static str,
    directory: PathBuf,
    root: PathBuf,
}

impl System {
    fn new(lab: &Lab, base: &Path, name: &'static str) -> Result<Self> {
        let directory = lab.path(format!("package-{name}-{}", std::process::id()));
        let system = Self { name, root: directory.join("root"), directory };
        for child in ["upper", "work", "root"] {
            fs_err::create_dir_all(system.directory.join(child))?;
        }
        let (upper, work) = (system.directory.join("upper"), system.directory.join("work"));
        let options = format!("lowerdir={},upperdir={},workdir={}", base.display(), upper.display(), work.display());
        run(command(["mount", "-t", "overlay", "kapell-lab", "-o", &options]).arg(&system.root))?;
        let content = system.root.join("root/kapell");
        fs_err::create_dir_all(&content)?;
        let paths = CONTENT.iter().map(|name| lab.repository().join(name));
        run(command(["cp", "-r"]).args(paths).arg(&content))?;
        Ok(system)
    }

    fn bring(&self, file: &Path, to: &str) -> Result<()> {
        fs_err::copy(file, self.root.join(to))?;
        Ok(())
    }

    /// In the directory with the repository's content.
    fn run(&self, script: &str) -> Result<()> {
        let mut nspawn = command(["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--console=pipe"]);
        nspawn.args(["--resolv-conf=off", "--timezone=off", "--as-pid2", "--private-network", "--chdir=/root/kapell"]);
        nspawn.arg("--directory").arg(&self.root).args(["sh", "-c", script]);
        run(&mut nspawn).with_context(|| format!("in the system for {}", self.name)).map(drop)
    }

    fn walk_through(&self, commands: &[String]) -> Result<()> {
        commands.iter().try_for_each(|command| self.run(command))
    }
}

impl Drop for System {
    fn drop(&mut self) {
        let _ = run(command(["umount", "-l"]).arg(&self.root));
        let _ = fs_err::remove_dir_all(&self.directory);
    }
}
