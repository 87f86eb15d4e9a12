//! The log: everything shown, with the time, in the file of `log_path`. One for the process, as standard output is.

use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, OnceLock, PoisonError};

use kapell_config::Settings;
use kapell_parsing::Diagnostic;

static LOG: OnceLock<Log> = OnceLock::new();

struct Log {
    file: Mutex<File>,
    /// How much detail goes here, if not as much as is shown.
    verbosity: Option<u8>,
    user: String,
}

/// Opens the log that the settings ask for; what is shown from now on is written there, too. A file that cannot be
/// written is a warning.
pub fn open_log(settings: &Settings) -> Option<Diagnostic> {
    let path = settings.log_path.as_ref()?;
    match fs_err::OpenOptions::new().create(true).append(true).open(path) {
        Ok(file) => {
            let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "root".into());
            let file = Mutex::new(file.into_parts().0);
            let _ = LOG.set(Log { file, verbosity: settings.log_verbosity, user });
            None
        }
        Err(error) => Some(Diagnostic::warning(format!("log file is not writeable and we cannot create it: {error}"))),
    }
}

pub(crate) fn is_open() -> bool {
    LOG.get().is_some()
}

pub(crate) fn write(text: &str) {
    if let Some(log) = LOG.get() {
        log.write(text);
    }
}

/// `shown` is how much detail the screen gets.
pub(crate) fn write_detail(text: &str, level: u8, shown: u8) {
    if let Some(log) = LOG.get().filter(|log| log.verbosity.unwrap_or(shown) >= level) {
        log.write(text);
    }
}

impl Log {
    fn write(&self, text: &str) {
        let text = text.trim_start_matches('\n');
        if text.is_empty() {
            return;
        }
        let level = match text.split_once("]:") {
            Some(("[ERROR", _)) => "ERROR",
            Some(("[WARNING", _)) => "WARNING",
            _ => "INFO",
        };
        let now = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S,%3f");
        let line = format!("{now} p={} u={} n=ansible {level}| {text}\n", std::process::id(), self.user);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = file.write_all(line.as_bytes());
    }
}
