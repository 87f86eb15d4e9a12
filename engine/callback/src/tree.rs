//! The tree callback: the last result of every host that was not skipped as a JSON file of its name.

use std::path::{Path, PathBuf};

use kapell_executor::event::HostResult;
use kapell_executor::{Callback, Event, TaskStatus};

use crate::json_text::{Layout, map_text};
use crate::result_text::whole_result;
use crate::{Color, Display};

pub struct Tree {
    directory: PathBuf,
    display: Display,
}

impl Tree {
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), display: Display::new(false, false) }
    }

    /// A host name with a slash has no file.
    fn write(&self, result: &HostResult) {
        if result.host.contains('/') || result.host.starts_with('.') {
            return;
        }
        let is_loud = result.result.verbose_always && !result.result.no_log;
        let text = map_text(&whole_result(result, 0), if is_loud { Layout::Indented } else { Layout::Line });
        let path = self.directory.join(&result.host);
        if let Err(error) = fs_err::create_dir_all(&self.directory).and_then(|()| fs_err::write(path, text)) {
            self.display.err(&format!("[WARNING]: Unable to write a host's result: {error}"), Color::Warning);
        }
    }
}

impl Callback for Tree {
    fn on_event(&mut self, event: &Event) {
        if let Event::HostResult(result) = event
            && result.status != TaskStatus::Skipped
        {
            self.write(result);
        }
    }
}
