//! The thread that shows events, apart from the run: a slow terminal does not hold up hosts.

use std::thread::JoinHandle;

use kapell_executor::{Callback, Event};
use tokio::sync::mpsc::UnboundedReceiver;

/// Gives every event to `callback` until the run ends.
pub(crate) fn listen(mut events: UnboundedReceiver<Event>, mut callback: impl Callback + 'static) -> JoinHandle<()> {
    std::thread::spawn(move || {
        while let Some(event) = events.blocking_recv() {
            callback.on_event(&event);
            if matches!(event, Event::RunEnd) {
                break;
            }
        }
    })
}
