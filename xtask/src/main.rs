//! `cargo xtask`: the test lab and the measurements of this repository, as commands a person can run.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose output is its purpose")]

mod command;
mod fleet;
mod lab;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The test lab and the measurements of this repository")]
struct Xtask {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// A fleet of real Debian hosts (systemd-nspawn) in a network of its own. Needs root.
    #[command(subcommand)]
    Fleet(fleet::FleetCommand),
}

fn main() -> ExitCode {
    let lab = lab::Lab::from_environment();
    let outcome = match Xtask::parse().task {
        Task::Fleet(command) => command.run(&lab),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}
