//! `SingleFlight`: opens something once, however many ask for it at the same time.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

type Slot<T, E> = Arc<OnceCell<Result<Arc<T>, E>>>;

#[derive(Debug)]
pub(crate) struct SingleFlight<K, T, E> {
    slots: Mutex<HashMap<K, Slot<T, E>>>,
}

impl<K, T, E> Default for SingleFlight<K, T, E> {
    fn default() -> Self {
        Self { slots: Mutex::default() }
    }
}

impl<K: Hash + Eq + Clone, T, E: Clone> SingleFlight<K, T, E> {
    /// The open one, if it `is_usable`; otherwise what `open` gives. All who wait for the same attempt share its
    /// outcome, a failure too; whoever comes after a failure tries again.
    pub(crate) async fn get<F>(
        &self,
        key: &K,
        is_usable: impl Fn(&T) -> bool,
        open: impl Fn() -> F,
    ) -> Result<Arc<T>, E>
    where
        F: Future<Output = Result<Arc<T>, E>>,
    {
        loop {
            let slot = Arc::clone(self.lock().entry(key.clone()).or_default());
            let was_open = slot.initialized();
            let outcome = slot.get_or_init(&open).await.clone();
            match outcome {
                Ok(opened) if !was_open || is_usable(&opened) => return Ok(opened),
                Ok(_) => self.forget(key, &slot),
                Err(error) => {
                    self.forget(key, &slot);
                    return Err(error);
                }
            }
        }
    }

    /// Takes the open one out; the next to ask opens anew.
    pub(crate) fn remove(&self, key: &K) -> Option<Arc<T>> {
        opened(self.lock().remove(key)?)
    }

    pub(crate) fn remove_all(&self) -> Vec<Arc<T>> {
        let slots = std::mem::take(&mut *self.lock());
        slots.into_values().filter_map(opened).collect()
    }

    /// Takes out those whose key says so.
    pub(crate) fn remove_where(&self, is_wanted: impl Fn(&K) -> bool) -> Vec<Arc<T>> {
        let mut slots = self.lock();
        let keys: Vec<K> = slots.keys().filter(|key| is_wanted(key)).cloned().collect();
        keys.iter().filter_map(|key| opened(slots.remove(key)?)).collect()
    }

    /// Unless somebody has replaced it already.
    fn forget(&self, key: &K, slot: &Slot<T, E>) {
        let mut slots = self.lock();
        if slots.get(key).is_some_and(|current| Arc::ptr_eq(current, slot)) {
            slots.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Slot<T, E>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn opened<T, E>(slot: Slot<T, E>) -> Option<Arc<T>> {
    slot.get()?.as_ref().ok().cloned()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn many_ask_one_opens() {
        let (flight, opened) = (SingleFlight::<u8, u32, String>::default(), AtomicU32::new(0));
        let get = || {
            flight.get(
                &1,
                |_| true,
                || async {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    Ok(Arc::new(opened.fetch_add(1, Ordering::SeqCst)))
                },
            )
        };
        let (one, two, three) = tokio::join!(get(), get(), get());
        assert_eq!((one, two, three), (Ok(Arc::new(0)), Ok(Arc::new(0)), Ok(Arc::new(0))));
    }

    #[tokio::test]
    async fn failures_are_shared_by_those_waiting_and_tried_again_later() {
        let (flight, tries) = (SingleFlight::<u8, u32, String>::default(), AtomicU32::new(0));
        let get = || {
            flight.get(
                &1,
                |_| true,
                || async {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    match tries.fetch_add(1, Ordering::SeqCst) {
                        0 => Err("down".to_owned()),
                        n => Ok(Arc::new(n)),
                    }
                },
            )
        };
        assert_eq!(tokio::join!(get(), get()), (Err("down".into()), Err("down".into())));
        assert_eq!(get().await, Ok(Arc::new(1)));
    }

    #[tokio::test]
    async fn what_has_died_is_opened_again() {
        let flight = SingleFlight::<u8, u32, String>::default();
        let get = |value| flight.get(&1, |old| *old != 1, move || async move { Ok(Arc::new(value)) });
        assert_eq!(get(1).await, Ok(Arc::new(1)));
        assert_eq!(get(2).await, Ok(Arc::new(2)));
        assert_eq!(get(3).await, Ok(Arc::new(2)));
    }
}
