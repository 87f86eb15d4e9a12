//! The null callback: nothing but questions to whoever sits at the terminal.

use kapell_config::Settings;
use kapell_executor::{Callback, Event};

use crate::Display;

pub struct Silent(Display);

impl Silent {
    pub fn new(settings: &Settings) -> Self {
        Self(Display::new(settings.nocolor, settings.force_color))
    }
}

impl Callback for Silent {
    fn on_event(&mut self, event: &Event) {
        if let Event::Prompt(text) = event {
            self.0.prompt(text);
        }
    }
}
