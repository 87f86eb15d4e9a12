//! `cargo xtask package`: a Debian package, an RPM and an archive, all of the same files from one release build.

mod installed;
mod staged;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::command::{cargo, command, is_installed, run, stdout};
use crate::engine::{Build, Engine, Engines};
use crate::lab::Lab;

#[derive(Args)]
pub(crate) struct PackageCommand {
    /// Also install each of them into a clean Debian system and walk the README through. Needs root.
    #[arg(long)]
    check: bool,
}

/// What was made.
struct Packages {
    deb: PathBuf,
    rpm: PathBuf,
    archive: PathBuf,
}

impl PackageCommand {
    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        for tool in ["cargo-deb", "cargo-generate-rpm"] {
            ensure!(is_installed(tool), "{tool} is missing: cargo install --locked {tool}");
        }
        let kapell = Engines::ensure(lab, Build::Release, &[Engine::Kapell])?.playbook(Engine::Kapell).swap_remove(0);
        let directory = lab.repository().join("target/package");
        let root = staged::stage(lab, Path::new(&kapell), &directory)?;
        let packages = Packages {
            deb: deb(lab, &directory)?,
            rpm: rpm(lab, &directory)?,
            archive: archive(&root, &directory, &version(&kapell)?)?,
        };
        for package in [&packages.deb, &packages.rpm, &packages.archive] {
            println!("{:>9} KiB  {}", fs_err::metadata(package)?.len() / 1024, package.display());
        }
        if self.check { installed::check(lab, &packages) } else { Ok(()) }
    }
}

fn version(kapell: &str) -> Result<String> {
    let text = stdout(command([kapell]).arg("--version"))?;
    text.split_whitespace().nth(1).map(ToOwned::to_owned).context("kapell does not say its version")
}

fn deb(lab: &Lab, directory: &Path) -> Result<PathBuf> {
    let mut deb = cargo(lab.repository());
    // It is linked statically and stripped already.
    deb.args(["deb", "--quiet", "--package", "kapell", "--no-build", "--no-strip", "--fast", "--locked", "--output"]);
    made(directory, "deb", |place| run(deb.arg(place)))
}

fn rpm(lab: &Lab, directory: &Path) -> Result<PathBuf> {
    let mut rpm = cargo(lab.repository());
    rpm.args(["generate-rpm", "--package", "engine/cli", "--payload-compress", "gzip", "--output"]);
    made(directory, "rpm", |place| run(rpm.arg(place)))
}

/// The one file with this ending that is in the directory afterwards.
fn made<T>(directory: &Path, ending: &str, make: impl FnOnce(&Path) -> Result<T>) -> Result<PathBuf> {
    let of_kind = || -> Result<Vec<PathBuf>> {
        let entries = fs_err::read_dir(directory)?.map(|entry| entry.map(|entry| entry.path()));
        let files = entries.collect::<std::io::Result<Vec<_>>>()?;
        Ok(files.into_iter().filter(|path| path.extension().is_some_and(|end| end == ending)).collect())
    };
    of_kind()?.iter().try_for_each(fs_err::remove_file)?;
    make(directory)?;
    of_kind()?.pop().with_context(|| format!("no .{ending} was made in {}", directory.display()))
}

/// Without the alternatives, and with everything below one directory.
fn archive(root: &Path, directory: &Path, version: &str) -> Result<PathBuf> {
    let name = format!("kapell-{version}-{}", std::env::consts::ARCH);
    let archive = directory.join(format!("{name}.tar.gz"));
    let mut tar = command(["tar", "--create", "--gzip", "--sort=name", "--owner=0", "--group=0", "--numeric-owner"]);
    tar.arg("--file").arg(&archive).arg("--directory").arg(root.join("usr"));
    tar.args(["--exclude=register", "--exclude=unregister", &format!("--transform=s,^\\.,{name},"), "."]);
    run(&mut tar)?;
    Ok(archive)
}
