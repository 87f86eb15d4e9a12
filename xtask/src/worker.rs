//! `cargo xtask worker`: the worker for hosts of another architecture, built here, and a play with it under an emulator.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::command::{cargo, command, is_installed, run, stdout};
use crate::engine::{Build, Engine, Engines};
use crate::lab::Lab;

#[derive(Args)]
pub(crate) struct WorkerCommand {
    /// As `uname -m` of the hosts says it.
    #[arg(long, default_value = AARCH64.architecture)]
    architecture: String,
    /// Build it quickly: larger and slower.
    #[arg(long)]
    debug: bool,
    /// Also run a play with it, as if this machine were of that architecture.
    #[arg(long)]
    check: bool,
}

/// What it takes to build for an architecture and to run it elsewhere.
struct Target {
    architecture: &'static str,
    /// Linked statically by itself, with the linker that comes with Rust.
    triple: &'static str,
    /// For the little C there is in cryptography.
    c_compiler: &'static str,
    c_archiver: &'static str,
    emulator: &'static str,
    /// How its executables begin, with a mask, in the words of binfmt_misc.
    executables: &'static str,
    packages: &'static str,
}

const AARCH64: Target = Target {
    architecture: "aarch64",
    triple: "aarch64-unknown-linux-musl",
    c_compiler: "aarch64-linux-gnu-gcc",
    c_archiver: "aarch64-linux-gnu-ar",
    emulator: "/usr/bin/qemu-aarch64",
    executables: r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff",
    packages: "gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user",
};

const TARGETS: &[Target] = &[AARCH64];

/// What a play does on the emulated host: files, commands, facts, and a module that fails.
const PLAY: &str = r#"- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.copy: {content: "from the engine\n", dest: "{{ out }}/file", mode: "0640"}
    - ansible.builtin.lineinfile: {path: "{{ out }}/file", line: "from the worker"}
    - ansible.builtin.command: cat {{ out }}/file
      register: said
    - ansible.builtin.stat: {path: "{{ out }}/file"}
      register: file
    - ansible.builtin.setup: {gather_subset: [min]}
    - ansible.builtin.command: "false"
      register: failing
      ignore_errors: true
    - ansible.builtin.assert:
        that:
          - said.stdout_lines == ['from the engine', 'from the worker']
          - file.stat.mode == '0640'
          - failing.rc == 1
"#;

/// In namespaces of its own: the kernel starts executables of that kind by the emulator, and says that it is of that
/// architecture. Nothing of the machine itself changes.
const EMULATED: &str = r#"set -eu
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
printf '%s' ":$1:M::$3:$2:F" > /proc/sys/fs/binfmt_misc/register
mkdir "$4/bin"
printf '#!/bin/sh\necho %s\n' "$1" > "$4/bin/uname"
chmod 755 "$4/bin/uname"
echo "$1" > "$4/arch"
if [ -e /proc/sys/kernel/arch ]; then mount --bind "$4/arch" /proc/sys/kernel/arch; fi
export HOME="$4" KAPELL_WORKER_DIR="$5" PATH="$4/bin:$PATH"
exec "$6" playbook --inventory emulated, --connection local --extra-vars "out=$4" "$4/play.yml"
"#;

impl WorkerCommand {
    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let target = TARGETS.iter().find(|target| target.architecture == self.architecture);
        let target = target.with_context(|| format!("no way is known to build for {}", self.architecture))?;
        target.require()?;
        let worker = target.build(lab, if self.debug { "worker-dev" } else { "worker" })?;
        println!("{:>9} KiB  {}", fs_err::metadata(&worker)?.len() / 1024, worker.display());
        if self.check { target.check(lab, &worker) } else { Ok(()) }
    }
}

/// As part of the tests. Error: what is missing here.
pub(crate) fn can_be_tested() -> Result<()> {
    AARCH64.require()?;
    ensure!(is_installed(AARCH64.emulator), "{} is missing: apt install {}", AARCH64.emulator, AARCH64.packages);
    Ok(())
}

pub(crate) fn test(lab: &Lab) -> Result<()> {
    WorkerCommand { architecture: AARCH64.architecture.to_owned(), debug: true, check: true }.run(lab)
}

/// Workers that were built before, compressed, by architecture.
pub(crate) fn built(lab: &Lab) -> Vec<(&'static str, PathBuf)> {
    let place = |target: &Target| (target.architecture, target.compressed(lab));
    TARGETS.iter().map(place).filter(|(_, file)| file.exists()).collect()
}

impl Target {
    fn compressed(&self, lab: &Lab) -> PathBuf {
        lab.repository().join(format!("target/workers/kapell-worker-{}.gz", self.architecture))
    }

    fn require(&self) -> Result<()> {
        let library = stdout(&mut command(["rustc", "--print", "target-libdir", "--target", self.triple]))?;
        ensure!(Path::new(&library).exists(), "no library for {}: rustup target add {}", self.triple, self.triple);
        ensure!(is_installed(self.c_compiler), "{} is missing: apt install {}", self.c_compiler, self.packages);
        Ok(())
    }

    fn build(&self, lab: &Lab, profile: &str) -> Result<PathBuf> {
        let (upper, lower) = (self.triple.to_uppercase().replace('-', "_"), self.triple.replace('-', "_"));
        let own = std::env::current_exe()?;
        let directory = own.ancestors().nth(3).context("xtask does not run from a target directory")?;
        let mut build = cargo(lab.repository());
        build.args(["build", "--quiet", "--locked", "--package", "kapell-worker", "--profile", profile]);
        build.args(["--target", self.triple, "--target-dir"]).arg(directory);
        build.env(format!("CARGO_TARGET_{upper}_LINKER"), "rust-lld");
        build.env(format!("CC_{lower}"), self.c_compiler).env(format!("AR_{lower}"), self.c_archiver);
        run(&mut build)?;
        let worker = fs_err::read(directory.join(self.triple).join(profile).join("kapell-worker"))?;
        let place = self.compressed(lab);
        let plain = place.with_extension("");
        fs_err::create_dir_all(lab.repository().join("target/workers"))?;
        fs_err::write(&plain, worker)?;
        run(command(["gzip", "--best", "--no-name", "--force"]).arg(&plain))?;
        Ok(place)
    }

    fn check(&self, lab: &Lab, worker: &Path) -> Result<()> {
        let kapell = Engines::ensure(lab, Build::Debug, &[Engine::Kapell])?.playbook(Engine::Kapell).swap_remove(0);
        let directory = lab.path(format!("worker-{}-{}", self.architecture, std::process::id()));
        fs_err::create_dir_all(&directory)?;
        fs_err::write(directory.join("play.yml"), PLAY)?;
        let mut play = command(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", EMULATED, "sh"]);
        play.args([self.architecture, self.emulator, self.executables]).arg(&directory);
        play.arg(worker.parent().unwrap_or(worker)).arg(kapell);
        let outcome = run(&mut play).and_then(|_| {
            let left = stdout(command(["find"]).arg(&directory).args(["-name", "kapell-worker-*"]))?;
            ensure!(left.contains(self.architecture), "another worker ran: {left}");
            Ok(())
        });
        fs_err::remove_dir_all(&directory)?;
        outcome?;
        println!("a play with it under {}: passed", self.emulator);
        Ok(())
    }
}
