//! `Exit`: the exit codes, which are ansible-playbook's.

use std::process::ExitCode;

use kapell_executor::RunStatus;
use kapell_parsing::ErrorKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Ok = 0,
    /// The run could not be started or went wrong as a whole.
    Error = 1,
    /// At least one host failed.
    FailedHosts = 2,
    /// At least one host was unreachable.
    UnreachableHosts = 4,
    /// Options contradict each other or the content.
    BadOptions = 5,
    Interrupted = 99,
    /// Where ansible-core fails without having foreseen it.
    Unforeseen = 250,
}

impl Exit {
    /// Content that cannot be read shares its number with unreachable hosts.
    pub const PARSE_ERROR: Self = Self::UnreachableHosts;

    /// Bad arguments share their number with failed hosts.
    pub const USAGE: Self = Self::FailedHosts;

    /// How another run of this program ended.
    pub fn from_code(code: i32) -> Self {
        let all = [
            Self::Ok,
            Self::FailedHosts,
            Self::UnreachableHosts,
            Self::BadOptions,
            Self::Interrupted,
            Self::Unforeseen,
        ];
        all.into_iter().find(|exit| *exit as i32 == code).unwrap_or(Self::Error)
    }
}

impl From<RunStatus> for Exit {
    fn from(status: RunStatus) -> Self {
        match status {
            RunStatus::Ok => Self::Ok,
            RunStatus::FailedHosts => Self::FailedHosts,
            RunStatus::UnreachableHosts => Self::UnreachableHosts,
            RunStatus::Interrupted => Self::Interrupted,
        }
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Usage => Self::Error,
            ErrorKind::Options => Self::BadOptions,
            ErrorKind::Content => Self::PARSE_ERROR,
            ErrorKind::Endless => Self::Unforeseen,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
