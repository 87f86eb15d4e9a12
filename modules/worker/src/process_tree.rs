//! Ending the commands a module runs: the descendants of the thread that started them, found in `/proc`.

use std::collections::HashMap;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

const GRACE_STEPS: u32 = 20;
const GRACE_STEP: Duration = Duration::from_millis(50);

/// Asks all descendants of `thread` to end, and after a second makes them.
/// Processes that left the tree (daemons, detached jobs) are nobody's descendants and live on.
pub(crate) fn end_descendants(thread: Pid) {
    let mut signal = Signal::TERM;
    for step in 0..=GRACE_STEPS {
        let targets = descendants(thread);
        if targets.is_empty() {
            return;
        }
        if step == GRACE_STEPS {
            signal = Signal::KILL;
        }
        if step == 0 || step == GRACE_STEPS {
            for pid in targets {
                let _ = kill_process(pid, signal);
            }
        }
        sleep(GRACE_STEP);
    }
}

/// Children started by this thread of this process, and theirs; zombies (ended, not yet waited for) left out.
fn descendants(thread: Pid) -> Vec<Pid> {
    let mut found: Vec<i32> = children_of_thread(thread);
    let parents = process_table();
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        next += 1;
        found.extend(parents.iter().filter(|(_, process)| process.parent == parent).map(|(pid, _)| *pid));
    }
    found.retain(|pid| parents.get(pid).is_some_and(|process| !process.is_zombie));
    found.into_iter().filter_map(Pid::from_raw).collect()
}

fn children_of_thread(thread: Pid) -> Vec<i32> {
    let path = format!("/proc/self/task/{}/children", thread.as_raw_nonzero());
    let list = fs::read_to_string(path).unwrap_or_default();
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

struct Process {
    parent: i32,
    is_zombie: bool,
}

fn process_table() -> HashMap<i32, Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return HashMap::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            Some((pid, parse_stat(&fs::read_to_string(entry.path().join("stat")).ok()?)?))
        })
        .collect()
}

/// `pid (name) state ppid …`, where the name may hold anything.
fn parse_stat(stat: &str) -> Option<Process> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let is_zombie = matches!(fields.next()?, "Z" | "X");
    Some(Process { parent: fields.next()?.parse().ok()?, is_zombie })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn names_with_parentheses_do_not_confuse() {
        let process = parse_stat("12 (a) b) c) Z 7 1 1").unwrap();
        assert!(process.is_zombie && process.parent == 7);
    }

    #[test]
    fn ends_children_and_grandchildren_of_one_thread_only() {
        let mut other = Command::new("sleep").arg("60").spawn().unwrap();
        std::thread::spawn(|| {
            let mut child = Command::new("sh").args(["-c", "sleep 60 & sleep 60"]).spawn().unwrap();
            let thread = rustix::thread::gettid();
            while descendants(thread).len() < 3 {
                sleep(Duration::from_millis(5));
            }
            end_descendants(thread);
            assert!(descendants(thread).is_empty());
            assert!(!child.wait().unwrap().success());
        })
        .join()
        .unwrap();
        assert!(other.try_wait().unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
