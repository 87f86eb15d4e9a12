//! Builds the worker for the engine's own architecture and embeds it, compressed.
//!
//! The worker is built by a nested cargo into a target directory of its own (inside the outer one), with profile
//! `worker` for release builds and `worker-dev` for the rest. `KAPELL_WORKER_BINARY=path` embeds that file instead.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

fn main() {
    if let Err(message) = embed() {
        println!("cargo::error=cannot embed the worker: {message}");
    }
}

fn embed() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=KAPELL_WORKER_BINARY");
    let worker = match env::var_os("KAPELL_WORKER_BINARY") {
        Some(path) => {
            println!("cargo::rerun-if-changed={}", Path::new(&path).display());
            PathBuf::from(path)
        }
        None => build_worker()?,
    };
    let content = fs_err::read(&worker).map_err(|error| error.to_string())?;
    write_embedded(&content, &PathBuf::from(variable("OUT_DIR")?))
}

/// The compressed worker, and what is known about it as constants.
fn write_embedded(content: &[u8], out_dir: &Path) -> Result<(), String> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let compressed = encoder.write_all(content).and_then(|()| encoder.finish()).map_err(|error| error.to_string())?;
    let architecture = variable("CARGO_CFG_TARGET_ARCH")?;
    let sha256 = hex::encode(Sha256::digest(content));
    let constants = format!(
        "pub(crate) const ARCHITECTURE: &str = {architecture:?};\n\
         pub(crate) const SHA256: &str = {sha256:?};\n\
         pub(crate) const SIZE: u64 = {};\n\
         pub(crate) static COMPRESSED: &[u8] = include_bytes!(concat!(env!(\"OUT_DIR\"), \"/worker.gz\"));\n",
        content.len()
    );
    fs_err::write(out_dir.join("worker.gz"), compressed).map_err(|error| error.to_string())?;
    fs_err::write(out_dir.join("embedded_worker.rs"), constants).map_err(|error| error.to_string())
}

fn build_worker() -> Result<PathBuf, String> {
    let root = workspace_root()?;
    for source in ["modules", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    let (profile, target) = (worker_profile()?, variable("TARGET")?);
    let target_dir = outer_target_dir()?.join("worker-build");
    let status = nested_cargo(&root, profile, &target, &target_dir)?.status().map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(format!("building kapell-worker for {target} failed ({status})"));
    }
    Ok(target_dir.join(target).join(profile).join("kapell-worker"))
}

fn nested_cargo(root: &Path, profile: &str, target: &str, target_dir: &Path) -> Result<Command, String> {
    let mut cargo = Command::new(variable("CARGO")?);
    cargo
        .current_dir(root)
        .args(["build", "--quiet", "--locked", "--package", "kapell-worker", "--profile", profile, "--target", target])
        .arg("--target-dir")
        .arg(target_dir)
        // The outer build's flags and wrappers (clippy, coverage) are not meant for the worker.
        .env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+crt-static")
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CARGO_BUILD_TARGET_DIR")
        .env_remove("CARGO_TARGET_DIR");
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_CFG_")) {
            cargo.env_remove(name);
        }
    }
    Ok(cargo)
}

fn worker_profile() -> Result<&'static str, String> {
    Ok(if variable("PROFILE")? == "release" { "worker" } else { "worker-dev" })
}

/// `OUT_DIR` is `<target dir>[/<triple>]/<profile>/build/<package>/out`.
fn outer_target_dir() -> Result<PathBuf, String> {
    let out_dir = PathBuf::from(variable("OUT_DIR")?);
    let profile_dir = out_dir.ancestors().nth(3).ok_or("OUT_DIR is too short")?;
    let parent = profile_dir.parent().ok_or("OUT_DIR is too short")?;
    let is_triple = parent.file_name().and_then(|name| name.to_str()) == env::var("TARGET").ok().as_deref();
    Ok(if is_triple { parent.parent().unwrap_or(parent) } else { parent }.to_owned())
}

fn workspace_root() -> Result<PathBuf, String> {
    let manifest_dir = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    manifest_dir.ancestors().nth(2).map(Path::to_owned).ok_or_else(|| "no workspace around this package".to_owned())
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}
