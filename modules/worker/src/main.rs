//! The worker on a managed node: reads calls from stdin, runs modules, writes results to stdout.
//!
//! Started by the engine's bootstrap, one per connection and user; it listens nowhere, and it ends, taking the
//! commands it runs and its temporary files with it, when stdin closes or on SIGTERM, SIGINT or SIGHUP.

mod arguments;
mod blob_cache;
mod call_doors;
mod digester;
mod file_stream;
mod job;
mod job_start;
mod outbox;
mod private_dir;
mod process_tree;
mod running_calls;
mod session;
mod verification;

use std::process::ExitCode;

use arguments::Command;

fn main() -> ExitCode {
    let outcome = match arguments::parse(std::env::args().skip(1)) {
        Ok(Command::Session(options)) => session::run(&options),
        Ok(Command::StartJob) => job_start::step_aside(),
        Ok(Command::Job) => job::run(),
        Ok(Command::Check { sha256 }) => verification::check_own_content(&sha256),
        Err(message) => Err(message),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => complain(&message),
    }
}

#[expect(clippy::print_stderr, reason = "the bootstrap reads the reason from stderr")]
fn complain(message: &str) -> ExitCode {
    eprintln!("kapell-worker: {message}");
    ExitCode::from(125)
}
