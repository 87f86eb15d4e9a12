//! `Details`: what the crates note while they work (connections made, workers started, plugins that failed), told as
//! events of the run: warnings always, the rest at high verbosity.

use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, Once, PoisonError};

use kapell_executor::Event;
use kapell_parsing::Diagnostic;
use tracing::field::{Field, Visit};
use tracing::{Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

type Listener = Box<dyn Fn(Event) + Send>;

static LISTENER: Mutex<Option<Listener>> = Mutex::new(None);
static INSTALLED: Once = Once::new();

/// Notes are told as long as this lives.
pub(crate) struct Telling(());

/// Notes go to `tell` from now on.
pub(crate) fn tell_to(tell: impl Fn(Event) + Send + 'static) -> Telling {
    INSTALLED.call_once(|| {
        // Only fails when there is one, and nobody else sets one.
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Details));
    });
    *LISTENER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(tell));
    Telling(())
}

impl Drop for Telling {
    fn drop(&mut self) {
        *LISTENER.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

struct Details;

impl<S: Subscriber> Layer<S> for Details {
    /// Libraries have notes of their own, which are none of a run's.
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.is_event() && metadata.target().starts_with("kapell")
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut note = Note::default();
        event.record(&mut note);
        let told = note.told(*event.metadata().level());
        if let Some(tell) = &*LISTENER.lock().unwrap_or_else(PoisonError::into_inner) {
            tell(told);
        }
    }
}

/// The fields of one event.
#[derive(Debug, Default)]
struct Note {
    host: Option<String>,
    message: String,
    /// As they are noted: ` name=value`.
    rest: String,
    verbosity: Option<u8>,
}

impl Note {
    fn told(self, level: Level) -> Event {
        let mut text = self.message + &self.rest;
        if let Some(host) = self.host {
            text = format!("<{host}> {text}");
        }
        if level <= Level::WARN {
            return Event::Diagnostic(Diagnostic::warning(text));
        }
        let usual = match level {
            Level::INFO => 1,
            Level::DEBUG => 3,
            _ => 4,
        };
        Event::Detail { verbosity: self.verbosity.unwrap_or(usual), text }
    }

    fn field(&mut self, name: &str, text: &str) {
        match name {
            "host" => self.host = Some(text.to_owned()),
            "message" => text.clone_into(&mut self.message),
            _ => {
                let _ = write!(self.rest, " {name}={text}");
            }
        }
    }
}

impl Visit for Note {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.field(field.name(), &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record_i64(field, value.try_into().unwrap_or(i64::MAX));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        match field.name() {
            "verbosity" => self.verbosity = u8::try_from(value).ok(),
            name => self.field(name, &value.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn notes_become_events_while_somebody_listens() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&heard);
        let telling = tell_to(move |event| {
            hears.lock().unwrap().push(match event {
                Event::Detail { verbosity, text } => format!("{verbosity} {text}"),
                Event::Diagnostic(diagnostic) => format!("warning {}", diagnostic.message),
                other => format!("{other:?}"),
            });
        });
        tracing::debug!(host = "web1", "EXEC {}", "sudo");
        tracing::trace!(bytes = 7, "sent");
        tracing::debug!(verbosity = 1, "from a plugin");
        tracing::warn!(host = "web1", "cannot be written");
        tracing::debug!(target: "russh", "of a library");
        drop(telling);
        tracing::debug!("nobody hears this");
        let expected = ["3 <web1> EXEC sudo", "4 sent bytes=7", "1 from a plugin", "warning <web1> cannot be written"];
        assert_eq!(*heard.lock().unwrap(), expected);
    }
}
