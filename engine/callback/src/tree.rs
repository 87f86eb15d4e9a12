//! The tree callback: the last result of every host as a JSON file of its name.

use std::path::{Path, PathBuf};

use kapell_executor::event::HostResult;
use kapell_executor::{Callback, Event};

use crate::json_text::{Layout, map_text};
use crate::result_text::bare_result;
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
        let text = map_text(&bare_result(result, 0), Layout::Line);
        let path = self.directory.join(&result.host);
        if let Err(error) = fs_err::create_dir_all(&self.directory).and_then(|()| fs_err::write(path, text)) {
            self.display.err(&format!("[WARNING]: Unable to write a host's result: {error}"), Color::Warning);
        }
    }
}

impl Callback for Tree {
    fn on_event(&mut self, event: &Event) {
        if let Event::HostResult(result) = event {
            self.write(result);
        }
    }
}
