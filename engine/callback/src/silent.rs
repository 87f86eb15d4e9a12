//! The null callback: nothing but warnings, and questions to whoever sits at the terminal.

use kapell_config::Settings;
use kapell_executor::{Callback, Event};

use crate::Display;
use crate::told::Told;

pub struct Silent {
    display: Display,
    told: Told,
}

impl Silent {
    pub fn new(settings: &Settings) -> Self {
        Self { display: Display::new(settings.nocolor, settings.force_color), told: Told::new(settings) }
    }
}

impl Callback for Silent {
    fn on_event(&mut self, event: &Event) {
        match event {
            Event::Prompt(text) => self.display.prompt(text),
            Event::Diagnostic(diagnostic) => self.told.tell(&self.display, diagnostic),
            _ => {}
        }
    }
}
