//! Lines are cut at random bytes in the middle of runs: no file on a node is ever seen half written, nothing of the run
//! stays there, and another run brings every host to where nothing is left to change.
//!
//! A few dozen cuts; `KAPELL_CUTS=1000` makes as many, `KAPELL_CUTS_SEED=7` others. When it fails it says seed and round,
//! where each line was cut, what the interrupted run said and which files were seen half written.
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

mod loopback;

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use kapell_test_support::fuzz::Dice;
use kapell_test_support::relay::{Plan, Relay, Trouble};
use loopback::{Project, count, files_below, said};

/// Each has a line of its own, so that one run is cut in as many places.
const HOSTS: usize = 10;
const CUTS: usize = 30;
/// No run may take longer, on a machine with other work.
const PATIENCE: Duration = Duration::from_mins(3);
/// Lines of the texts: long enough to be written in several pieces by whoever does not write beside and rename.
const LINES: usize = 4000;

/// Every way in which a file comes about: sent, rendered, fetched from within, edited.
const PLAYBOOK: &str = "
- hosts: all
  gather_facts: false
  vars:
    place: '{{ base }}/{{ inventory_hostname }}'
  tasks:
    - file: {path: '{{ place }}', state: directory, mode: '0755'}
    - copy: {src: 'data-{{ v }}', dest: '{{ place }}/data', mode: '0640'}
    - template: {src: text.j2, dest: '{{ place }}/rendered.text'}
    - copy: {content: \"{{ lookup('template', 'text.j2') }}\", dest: '{{ place }}/content.text', mode: '0600'}
    - copy: {src: base.text, dest: '{{ place }}/edited.text', force: false}
    - lineinfile: {path: '{{ place }}/edited.text', regexp: '^setting=', line: 'setting={{ v }}', insertbefore: '^end'}
    - blockinfile: {path: '{{ place }}/edited.text', block: \"{{ (['block ' ~ v] * 500) | join('\\n') }}\", insertbefore: '^end'}
    - replace: {path: '{{ place }}/edited.text', regexp: '^version .*$', replace: 'version {{ v }}'}
    - copy: {src: tree/, dest: '{{ place }}/tree/'}
    - copy: {src: '{{ place }}/rendered.text', dest: '{{ place }}/copied.text', remote_src: true, backup: false}
    - assemble: {src: '{{ place }}/tree', dest: '{{ place }}/assembled.tree', remote_src: true}
    - get_url: {url: 'file://{{ place }}/data', dest: '{{ place }}/fetched.data', force: true}
    - command: 'true'
      changed_when: false
";

const TEMPLATE: &str =
    "begin\nversion {{ v }}\n{% for n in range(4000) %}\nline {{ n }} of {{ v }}\n{% endfor %}\nend\n";

fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}

/// What the files may be at any time.
struct Whole {
    data: HashMap<Vec<u8>, usize>,
    part: String,
}

impl Whole {
    /// `None`: not a file of the play, as those that are still being written.
    fn judge(&self, path: &Path, content: &[u8]) -> Option<Result<(), String>> {
        let name = path.file_name()?.to_str()?;
        let text = || String::from_utf8_lossy(content).into_owned();
        let is_whole = match name {
            "data" | "fetched.data" => self.data.contains_key(content),
            "rendered.text" | "content.text" | "copied.text" => {
                let text = text();
                let version = text.lines().nth(1).and_then(|line| line.strip_prefix("version ")).unwrap_or("none");
                let last = format!("line {} of {version}\nend\n", LINES - 1);
                text.lines().count() == LINES + 3 && text.starts_with("begin\n") && text.ends_with(&last)
            }
            "edited.text" => {
                let text = text();
                text.starts_with("begin\n") && text.ends_with("\nend\n") && text.lines().count() >= LINES + 2
            }
            "assembled.tree" => content.len() == self.part.len() * 20,
            _ if name.starts_with("part-") && name.len() == 7 => content == self.part.as_bytes(),
            _ => return None,
        };
        Some(if is_whole { Ok(()) } else { Err(format!("{}: {} bytes", path.display(), content.len())) })
    }
}

/// Reads the nodes' files again and again while runs go on.
struct Watcher {
    is_over: Arc<AtomicBool>,
    reads: Arc<AtomicUsize>,
    halves: Arc<Mutex<Vec<String>>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watcher {
    fn begin(base: PathBuf, whole: Whole) -> Self {
        let (is_over, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let halves = Arc::new(Mutex::new(Vec::new()));
        let (stop, seen, found) = (Arc::clone(&is_over), Arc::clone(&reads), Arc::clone(&halves));
        let thread = std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                for path in files_below(&base) {
                    // One that has gone meanwhile was a temporary one.
                    let Ok(content) = std::fs::read(&path) else { continue };
                    match whole.judge(&path, &content) {
                        Some(Err(half)) => {
                            tell(&format!("seen half written: {half}"));
                            found.lock().unwrap().push(half);
                        }
                        Some(Ok(())) => drop(seen.fetch_add(1, Ordering::Relaxed)),
                        None => {}
                    }
                }
                sleep(Duration::from_millis(2));
            }
        });
        Self { is_over, reads, halves, thread: Some(thread) }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

/// Past what the harness keeps back, so that a long run is followed and one that is killed has said it.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// What is going on, told when it goes wrong.
#[derive(Default)]
struct Round {
    seed: usize,
    number: usize,
    cuts: usize,
    version: usize,
    plans: Vec<Plan>,
    said: String,
}

impl Round {
    fn place(&self) -> String {
        let Self { seed, number, cuts, version, .. } = self;
        format!("seed {seed}, round {number} (version {version}), {cuts} cuts before it")
    }
}

struct Scene {
    project: Project,
    relays: Vec<Relay>,
    round: RefCell<Round>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let round = self.round.borrow();
        tell(&format!("failed with {}", round.place()));
        for (host, plan) in round.plans.iter().enumerate() {
            tell(&format!("host{host}: up {:?}, down {:?}", plan.up, plan.down));
        }
        let server: Vec<String> = self.project.server.log().lines().rev().take(200).map(str::to_owned).collect();
        let server: Vec<String> = server.into_iter().rev().collect();
        tell(&format!("the run that was cut said:\n{}\nthe server's log ends:\n{}", round.said, server.join("\n")));
    }
}

impl Scene {
    fn begin_round(&self, version: usize, cuts: usize, plans: Vec<Plan>) {
        self.relays.iter().zip(&plans).for_each(|(relay, plan)| relay.change(*plan));
        let mut round = self.round.borrow_mut();
        (round.version, round.cuts, round.plans) = (version, cuts, plans);
        round.number += 1;
        if round.number.is_multiple_of(10) {
            tell(&round.place());
        }
    }

    fn run(&self, version: usize) -> std::process::Output {
        let begun = Instant::now();
        let base = format!("base={}", self.project.home().join("base").display());
        let version = format!("v={version}");
        let mut command =
            self.project.kapell(&["playbook", "-i", "hosts.ini", "site.yml", "-e", &base, "-e", &version]);
        let output = command.env("ANSIBLE_TIMEOUT", "10").output().unwrap();
        assert!(begun.elapsed() < PATIENCE, "a run took {:?}\n{}", begun.elapsed(), said(&output));
        output
    }

    /// As `run`; every host has to be well, with this many changes at most.
    fn run_whole(&self, version: usize, most: u32) {
        self.relays.iter().for_each(|relay| relay.change(Plan::default()));
        let output = self.run(version);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        for host in 0..HOSTS {
            let changed = count(&output, &format!("host{host}"), "changed");
            assert!(changed.is_some_and(|changed| changed <= most), "host{host}: {changed:?}\n{}", said(&output));
        }
    }

    /// Temporary files and processes of runs that are over.
    fn left_behind(&self) -> Vec<String> {
        let is_ours = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let known = ["data", "fetched.data", "authorized_keys"].contains(&name.as_str());
            !known
                && !name.ends_with(".text")
                && !name.ends_with(".tree")
                && !name.starts_with("part-")
                && !name.starts_with("kapell-worker-")
        };
        let files = files_below(&self.project.home()).into_iter().filter(is_ours);
        let files = files.map(|path| path.display().to_string());
        files.chain(self.project.server.processes_of_accounts()).collect()
    }

    fn nothing_is_left(&self) {
        let begun = Instant::now();
        while !self.left_behind().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(20), "left behind: {:?}", self.left_behind());
            sleep(Duration::from_millis(50));
        }
    }
}

/// Bytes that usually go up and come down.
fn cut_somewhere(dice: &mut Dice, (up, down): (usize, usize)) -> Plan {
    match dice.one_in(2) {
        true => Plan { up: Some((dice.below(up), Trouble::Cut)), ..Plan::default() },
        false => Plan { down: Some((dice.below(down), Trouble::Cut)), ..Plan::default() },
    }
}

#[test]
fn runs_that_are_cut_leave_whole_files_and_can_be_run_again() {
    let Some(project) = Project::start() else { return };
    let seed = number("KAPELL_CUTS_SEED").unwrap_or(1);
    let mut dice = Dice::new(seed as u64);
    let data: Vec<Vec<u8>> = (0..4).map(|_| dice.bytes(300_000)).collect();
    for (version, bytes) in data.iter().enumerate() {
        project.write(&format!("files/data-{version}"), bytes);
    }
    let part = "one of twenty parts, all the same\n".repeat(200);
    (0..20).for_each(|number| project.write(&format!("files/tree/part-{number:02}"), &part));
    let filling: String = (0..LINES).map(|number| format!("line {number}\n")).collect();
    project.write("files/base.text", format!("begin\nversion none\n{filling}end\n"));
    project.write("templates/text.j2", TEMPLATE);
    project.write("site.yml", PLAYBOOK);
    let relays: Vec<Relay> = (0..HOSTS).map(|_| Relay::to(project.server.port, Plan::default())).collect();
    let ports = relays.iter().enumerate().map(|(host, relay)| (format!("host{host}"), relay.port));
    project.inventory(&ports.collect::<Vec<_>>());
    let whole = Whole { data: data.into_iter().enumerate().map(|(at, bytes)| (bytes, at)).collect(), part };
    let watcher = Watcher::begin(project.home().join("base"), whole);
    let round = RefCell::new(Round { seed, ..Round::default() });
    let scene = Scene { project, relays, round };

    scene.run_whole(0, u32::MAX);
    scene.run_whole(1, u32::MAX);
    // What a run that changes everything sends and receives.
    let usual: Vec<(usize, usize)> = scene.relays.iter().map(Relay::carried).collect();
    let wanted = number("KAPELL_CUTS").unwrap_or(CUTS);
    let (mut cuts, mut version, mut unreachable) = (0, 1, 0);
    while cuts < wanted {
        version = (version + 1) % 4;
        let plans: Vec<Plan> = usual.iter().map(|usual| cut_somewhere(&mut dice, *usual)).collect();
        scene.begin_round(version, cuts, plans);
        let output = scene.run(version);
        scene.round.borrow_mut().said = said(&output);
        cuts += scene.relays.iter().filter(|relay| relay.had_trouble()).count();
        unreachable +=
            (0..HOSTS).filter(|host| count(&output, &format!("host{host}"), "unreachable") == Some(1)).count();
        assert!(matches!(output.status.code(), Some(0 | 2 | 4)), "{}", said(&output));
        scene.nothing_is_left();
        scene.run_whole(version, u32::MAX);
        scene.run_whole(version, 0);
    }
    let (reads, halves) = (watcher.reads.load(Ordering::Relaxed), watcher.halves.lock().unwrap().clone());
    println!("{cuts} cuts, {unreachable} hosts unreachable, {reads} whole files read meanwhile");
    assert!(halves.is_empty(), "{} files were seen half written: {:?}", halves.len(), &halves[..halves.len().min(5)]);
    assert!(unreachable * 2 > cuts, "most cuts are noticed: {unreachable} of {cuts}");
    scene.nothing_is_left();
}
