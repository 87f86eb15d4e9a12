//! `cargo xtask`: the test lab and the measurements of this repository, as commands a person can run.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose output is its purpose")]

mod aws;
mod bench;
mod bench_inventory;
mod bench_latency;
mod bench_modules;
mod bench_startup;
mod bench_templating;
mod command;
mod conformance;
mod engine;
mod faults;
mod fleet;
mod inventories;
mod lab;
mod load;
mod module_docs;
mod modules_on_fleet;
mod package;
mod parity;
mod parity_actions;
mod random_inventories;
mod recap;
mod rollout;
mod sshd;
mod tiers;
mod worker;

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
    /// Install what the tests need and run them, tier by tier.
    Test(tiers::TestCommand),
    /// A fleet of real Debian hosts (systemd-nspawn) in a network of its own. Needs root.
    #[command(subcommand)]
    Fleet(fleet::FleetCommand),
    /// Roll versions out on the fleet while requests go through nginx; count those that fail.
    RolloutUnderLoad(rollout::RolloutCommand),
    /// Break one host of the fleet in several ways during a run, and see that only that host suffers.
    Faults(faults::FaultsCommand),
    /// Run the playbooks of tests/fleet on real hosts, beside ansible-core: only the first run changes something. Needs root.
    ModulesOnFleet(modules_on_fleet::ModulesCommand),
    /// Run the cases of tests/conformance under two engines and show what differs.
    Conformance(conformance::ConformanceCommand),
    /// Have cases told by every callback, and by the default one under several options, and compare what is printed.
    Outputs(conformance::OutputsCommand),
    /// Show the inventories of tests/conformance/inventories by both programs and compare.
    Inventories(inventories::InventoriesCommand),
    /// Make inventories and patterns of hosts at random and compare what both programs make of them.
    RandomInventories(random_inventories::RandomInventoriesCommand),
    /// EC2 against moto, an emulator of its API: the shipped playbook and inventory, the modules, what goes wrong.
    Aws(aws::AwsCommand),
    /// A real OpenSSH server on loopback addresses, with an inventory, for as long as you like.
    Sshd(sshd::SshdCommand),
    /// Time the playbook of tests/bench under every engine, side by side.
    Bench(bench::BenchCommand),
    /// Run twenty tasks over a slow line and count round trips a task.
    BenchLatency(bench_latency::BenchLatencyCommand),
    /// Time single modules: a tree of small files, a loop, facts, one large file beside scp.
    BenchModules(bench_modules::BenchModulesCommand),
    /// Measure large inventories, side by side with ansible-core.
    BenchInventory(bench_inventory::BenchInventoryCommand),
    /// Measure templating alone: a configuration over a thousand hosts, side by side with ansible-core.
    BenchTemplating(bench_templating::BenchTemplatingCommand),
    /// Time the start of the program and of an empty play, side by side with ansible-core.
    BenchStartup(bench_startup::BenchStartupCommand),
    /// Build the worker for hosts of another architecture, and run it under an emulator.
    Worker(worker::WorkerCommand),
    /// Make a Debian package, an RPM and an archive, and install them into clean systems. Needs root to check.
    Package(package::PackageCommand),
    /// Compare the arguments of our modules with what ansible-doc says, and write docs/modules-parity.md.
    Parity(parity::ParityCommand),
    /// Write a page for each module, docs/modules/*.md, from its definition and its cases.
    Docs(module_docs::DocsCommand),
    /// Send HTTP requests by the clock and report what came back, as JSON.
    Load(load::LoadCommand),
}

fn main() -> ExitCode {
    let lab = lab::Lab::from_environment();
    let outcome = match Xtask::parse().task {
        Task::Test(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::Fleet(command) => command.run(&lab),
        Task::RolloutUnderLoad(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::ModulesOnFleet(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::Conformance(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::Outputs(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::Inventories(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::RandomInventories(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::Aws(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::Sshd(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::Bench(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::BenchLatency(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::BenchModules(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::BenchInventory(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::BenchTemplating(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::BenchStartup(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::Worker(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::Package(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::Parity(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::Docs(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::Faults(command) => command.run(&lab).map(|()| ExitCode::SUCCESS),
        Task::Load(command) => command.run().map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}
