//! `PendingCalls`: which requests wait for messages of the worker, and what they are told when it is gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kapell_protocol::{FromWorker, ToWorker, encode};
use tokio::sync::mpsc;

#[derive(Debug)]
enum State {
    Open(HashMap<u64, mpsc::Sender<FromWorker>>),
    /// The reason why the worker is gone.
    Closed(String),
}

#[derive(Debug)]
pub(crate) struct PendingCalls(Mutex<State>);

impl Default for PendingCalls {
    fn default() -> Self {
        Self(Mutex::new(State::Open(HashMap::new())))
    }
}

impl PendingCalls {
    /// `None` when the worker is gone.
    pub(crate) fn register(
        self: &Arc<Self>,
        id: u64,
        capacity: usize,
        outgoing: mpsc::Sender<Vec<u8>>,
    ) -> Option<Registration> {
        let (sender, incoming) = mpsc::channel(capacity);
        match &mut *self.lock() {
            State::Open(calls) => calls.insert(id, sender),
            State::Closed(_) => return None,
        };
        Some(Registration { id, incoming, outgoing, pending: Arc::clone(self), is_finished: false })
    }

    /// Where messages of this request go; `None` when nobody waits for them any more.
    pub(crate) fn recipient(&self, id: u64) -> Option<mpsc::Sender<FromWorker>> {
        match &*self.lock() {
            State::Open(calls) => calls.get(&id).cloned(),
            State::Closed(_) => None,
        }
    }

    /// Every waiting request, and every later one, ends with this reason. The first reason counts.
    pub(crate) fn close(&self, reason: &str) {
        let mut state = self.lock();
        if let State::Open(_) = *state {
            *state = State::Closed(reason.to_owned());
        }
    }

    pub(crate) fn reason(&self) -> Option<String> {
        match &*self.lock() {
            State::Open(_) => None,
            State::Closed(reason) => Some(reason.clone()),
        }
    }

    fn remove(&self, id: u64) {
        if let State::Open(calls) = &mut *self.lock() {
            calls.remove(&id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request under way. Dropped before it has finished, it is cancelled on the node.
pub(crate) struct Registration {
    id: u64,
    incoming: mpsc::Receiver<FromWorker>,
    outgoing: mpsc::Sender<Vec<u8>>,
    pending: Arc<PendingCalls>,
    is_finished: bool,
}

impl Registration {
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// `None` when the worker is gone.
    pub(crate) async fn next(&mut self) -> Option<FromWorker> {
        self.incoming.recv().await
    }

    pub(crate) fn finish(&mut self) {
        self.is_finished = true;
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.pending.remove(self.id);
        if self.is_finished {
            return;
        }
        let Ok(frame) = encode(&ToWorker::Cancel { id: self.id }) else { return };
        let sent = self.outgoing.try_send(frame);
        if let (Err(mpsc::error::TrySendError::Full(frame)), Ok(runtime)) =
            (sent, tokio::runtime::Handle::try_current())
        {
            let outgoing = self.outgoing.clone();
            runtime.spawn(async move { outgoing.send(frame).await });
        }
    }
}
