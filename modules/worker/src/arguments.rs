//! The worker's command line. Only the bootstrap writes it, so it is strict and small.

use std::path::PathBuf;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Session(SessionOptions),
    /// Start the job that stdin describes and leave it alone.
    StartJob,
    /// Be that job.
    Job,
    /// Is this executable what was uploaded?
    Check {
        sha256: String,
    },
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionOptions {
    /// Where the private temporary directory is made first.
    pub(crate) temp_base: Option<PathBuf>,
    /// Bytes this executable must have; a truncated cache entry must not run.
    pub(crate) size: Option<u64>,
    /// All calls are on stdin already: its end is not the engine's, they are still done.
    pub(crate) once: bool,
}

pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let words: Vec<String> = arguments.collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["session", rest @ ..] => Ok(Command::Session(session_options(rest)?)),
        ["start-job"] => Ok(Command::StartJob),
        ["job"] => Ok(Command::Job),
        ["check", sha256] => Ok(Command::Check { sha256: (*sha256).to_owned() }),
        _ => Err("started by kapell on managed nodes; it is of no use by hand".to_owned()),
    }
}

fn session_options(words: &[&str]) -> Result<SessionOptions, String> {
    let mut options = SessionOptions::default();
    for pair in words.chunks(2) {
        match pair {
            ["--tmp", directory] => options.temp_base = Some(PathBuf::from(directory)),
            ["--once", "yes"] => options.once = true,
            ["--size", bytes] => options.size = Some(bytes.parse().map_err(|_| format!("bad size {bytes}"))?),
            other => return Err(format!("unexpected arguments {other:?}")),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_two_commands() {
        let options = SessionOptions { temp_base: Some("/t".into()), size: Some(12), once: false };
        assert_eq!(parsed("session --tmp /t --size 12"), Ok(Command::Session(options)));
        let once = SessionOptions { once: true, ..SessionOptions::default() };
        assert_eq!(parsed("session --once yes"), Ok(Command::Session(once)));
        assert_eq!(parsed("session"), Ok(Command::Session(SessionOptions::default())));
        assert_eq!(parsed("check ab"), Ok(Command::Check { sha256: "ab".into() }));
        for wrong in ["", "check", "session --size x", "session --tmp", "--help"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
