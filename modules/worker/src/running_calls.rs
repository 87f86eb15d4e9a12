//! `RunningCalls`: which calls run on which thread, and how to make them stop.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Pid;

use crate::process_tree::end_descendants;

/// Set when the engine has given up on a call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Call {
    cancellation: Cancellation,
    /// Known once its thread runs.
    thread: Option<Pid>,
}

#[derive(Default)]
pub(crate) struct RunningCalls {
    calls: Mutex<HashMap<u64, Call>>,
    ended: Condvar,
}

impl RunningCalls {
    /// False when a call with this id is running already.
    pub(crate) fn begin(&self, id: u64) -> Option<Cancellation> {
        let mut calls = self.lock();
        if calls.contains_key(&id) {
            return None;
        }
        let cancellation = Cancellation::default();
        calls.insert(id, Call { cancellation: cancellation.clone(), thread: None });
        Some(cancellation)
    }

    pub(crate) fn entered(&self, id: u64) {
        if let Some(call) = self.lock().get_mut(&id) {
            call.thread = Some(rustix::thread::gettid());
        }
    }

    pub(crate) fn end(&self, id: u64) {
        self.lock().remove(&id);
        self.ended.notify_all();
    }

    /// Does not wait for the call to end.
    pub(crate) fn cancel(&self, id: u64) {
        let thread = self.lock().get(&id).and_then(|call| {
            call.cancellation.set();
            call.thread
        });
        if let Some(thread) = thread {
            thread::spawn(move || end_descendants(thread));
        }
    }

    /// Until nothing runs.
    pub(crate) fn wait(&self) {
        let mut calls = self.lock();
        while !calls.is_empty() {
            calls = self.ended.wait(calls).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Stops everything and waits for it, for a bounded time.
    pub(crate) fn cancel_all(&self, patience: Duration) {
        let threads: Vec<Pid> = {
            let calls = self.lock();
            calls.values().for_each(|call| call.cancellation.set());
            calls.values().filter_map(|call| call.thread).collect()
        };
        let enders: Vec<_> = threads.into_iter().map(|thread| thread::spawn(move || end_descendants(thread))).collect();
        for ender in enders {
            let _ = ender.join();
        }
        let deadline = Instant::now() + patience;
        let mut calls = self.lock();
        while let (false, Some(left)) = (calls.is_empty(), deadline.checked_duration_since(Instant::now())) {
            calls = self.ended.wait_timeout(calls, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
