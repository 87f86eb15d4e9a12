//! `Memory`: keeps one rendering from filling the machine.
//!
//! What is made is counted, not what is given up again; so the count alone says too little, and every 32 MiB of it the
//! process itself is asked how much it has grown.

use std::cell::Cell;

use super::Fault;

/// About what an item of a container takes.
pub(super) const ITEM: usize = 48;
/// More than this cannot be wanted at once.
const MOST_AT_ONCE: usize = 1 << 30;
/// How much the process may grow during a rendering.
const MOST_GROWTH: u64 = 1 << 30;
const STEP: u64 = 32 << 20;

#[derive(Default)]
pub(super) struct Memory {
    made: Cell<u64>,
    checked: Cell<u64>,
    /// The process' size when a rendering was first found to be a large one.
    start: Cell<Option<u64>>,
}

impl Memory {
    /// Counts `bytes` that are made, before or after.
    pub(super) fn claim(&self, bytes: usize) -> Result<(), Fault> {
        if bytes > MOST_AT_ONCE {
            return Err(too_much());
        }
        self.made.set(self.made.get().saturating_add(bytes as u64));
        if self.made.get() - self.checked.get() < STEP {
            return Ok(());
        }
        self.checked.set(self.made.get());
        let Some(now) = resident() else { return Ok(()) };
        match self.start.get() {
            None => self.start.set(Some(now)),
            Some(start) if now.saturating_sub(start) > MOST_GROWTH => return Err(too_much()),
            Some(_) => {}
        }
        Ok(())
    }
}

fn too_much() -> Fault {
    Fault::error("the template needs too much memory")
}

/// The process' memory in bytes; pages have 4 KiB or more, which errs on the side of the template.
fn resident() -> Option<u64> {
    let status = fs_err::read_to_string("/proc/self/statm").ok()?;
    status.split_whitespace().nth(1)?.parse::<u64>().ok().map(|pages| pages * 4096)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_no_machine_should_meet_is_refused() {
        let memory = Memory::default();
        assert!(memory.claim(MOST_AT_ONCE + 1).is_err());
        (0..10).for_each(|_| assert!(memory.claim(100 << 20).is_ok()));
        assert!(resident().is_some_and(|bytes| bytes > 100_000));
    }
}
