//! Cases that need a whole system: each runs in a copy of the lab's image, by this test program itself, started there.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Set to run the cases that need a whole system.
const WANTED: &str = "KAPELL_SYSTEM_CASES";
const CASE: &str = "KAPELL_CASE_HERE";
/// Around what the program inside says, which the test harness speaks around, too.
const FRAME: &str = "=== differences ===\n";

static SKIPPED: AtomicUsize = AtomicUsize::new(0);

/// Set in the copy: this process is the one to run the case.
pub(crate) fn case_to_run_here() -> Option<PathBuf> {
    std::env::var_os(CASE).map(PathBuf::from)
}

pub(crate) fn framed(lines: &str) -> String {
    format!("{FRAME}{lines}{FRAME}")
}

/// `None` where there is no image or no root, which is told in the end.
pub(crate) fn failures_of(path: &Path) -> Option<Vec<String>> {
    let Some(layers) = image() else {
        SKIPPED.fetch_add(1, Ordering::Relaxed);
        return None;
    };
    let program = std::env::current_exe().unwrap();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let binds = format!("{}:{}", program.parent().unwrap().display(), tests.display());
    let mut inside = Command::new(tests.join("throwaway.sh"));
    inside.args([layers.as_str(), &binds, "env"]).arg(format!("{CASE}={}", path.display())).arg(program);
    let output = inside.args(["--exact", "modules_do_what_ansible_does", "--nocapture"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(match said.split(FRAME).nth(1) {
        Some(lines) => {
            lines.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| line.to_owned())).collect()
        }
        None => vec![format!("{}: does not run: {said}{}", path.display(), String::from_utf8_lossy(&output.stderr))],
    })
}

pub(crate) fn tell_what_was_skipped() {
    let skipped = SKIPPED.load(Ordering::Relaxed);
    if skipped > 0 {
        let line =
            format!("skipped: {skipped} cases that need {WANTED}=1, root and an image (`cargo xtask fleet image`)\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
}

/// The directories `throwaway.sh` lays over one another. Hundreds of systems take minutes: they have to be asked for.
fn image() -> Option<String> {
    if std::env::var_os(WANTED).is_none() || !rustix::process::geteuid().is_root() {
        return None;
    }
    let lab = std::env::var("KAPELL_LAB").unwrap_or_else(|_| "/var/tmp/kapell-lab".to_owned());
    let layers = fs::read_to_string(Path::new(&lab).join("modules-image")).ok()?;
    let layers = layers.trim().to_owned();
    layers.split(':').all(|layer| Path::new(layer).exists()).then_some(layers)
}
