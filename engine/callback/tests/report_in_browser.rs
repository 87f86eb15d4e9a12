//! The page of `--report`, opened in a real browser: it draws for 3 and for 1,000 hosts, light and dark, and its script
//! has nothing to complain of. Skipped where there is no Chromium.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use kapell_callback::HtmlReport;
use kapell_config::Settings;
use kapell_executor::error_report::ErrorReport;
use kapell_executor::event::HostResult;
use kapell_executor::{Callback, Event, Stats, TaskInfo, TaskResult, TaskStatus};
use kapell_parsing::{Map, Origin, SourceFile, Value};

const TASKS: [&str; 4] = ["install nginx", "write nginx.conf", "reload nginx", "check the site"];
/// A page that was not drawn compresses to less.
const LEAST_BYTES: u64 = 20_000;

fn task(id: usize, source: &Arc<SourceFile>) -> Arc<TaskInfo> {
    Arc::new(TaskInfo {
        id: id as u64,
        name: TASKS[id].to_owned(),
        action: "ansible.builtin.command".to_owned(),
        origin: Some(Origin::new(Arc::clone(source), 3 + 2 * id as u32, 7)),
        is_handler: false,
        check_mode: false,
        no_log: false,
        independent: false,
        args: None,
        written: None,
    })
}

/// One host in nine changes something, one in forty fails.
fn result(host: &str, number: usize, task: &Arc<TaskInfo>) -> (HostResult, Option<ErrorReport>) {
    let is_failed = task.id == 3 && number % 40 == 2;
    let status = match (is_failed, task.id) {
        (true, _) => TaskStatus::Failed,
        (false, 1) if number.is_multiple_of(9) => TaskStatus::Changed,
        (false, 2) => TaskStatus::Skipped,
        (false, _) => TaskStatus::Ok,
    };
    let mut result = TaskResult::new(Map::new());
    result.set("changed", status == TaskStatus::Changed);
    if status == TaskStatus::Changed {
        let diff =
            [("before", "worker_processes 1;\n"), ("after", "worker_processes 4;\n"), ("before_header", "nginx.conf")];
        result.set("diff", Value::map(diff.iter().map(|(key, text)| ((*key).into(), (*text).into())).collect()));
    }
    if is_failed {
        result.set("failed", true);
        result.set("msg", "HTTP status 502 </script><b>is text</b>");
    }
    let error = is_failed.then(|| ErrorReport::new("Task failed: HTTP status 502", task.origin.as_ref()));
    let host = host.to_owned();
    let told = HostResult {
        host,
        delegated_to: None,
        task: Arc::clone(task),
        result,
        status,
        item_label: None,
        ignore_errors: false,
        diff_mode: true,
    };
    (told, error)
}

fn write_report(hosts: usize, page: &Path) {
    let mut report = HtmlReport::new(&Settings::default(), page.to_owned());
    let source = SourceFile::new("site.yml", "- hosts: web\n");
    let names: Vec<String> = (1..=hosts).map(|number| format!("web{number:04}.example.com")).collect();
    report.on_event(&Event::PlaybookStart { path: "site.yml".into(), plays: 1, check: false });
    report.on_event(&Event::PlayStart {
        name: "roll out".to_owned(),
        origin: Origin::new(Arc::clone(&source), 1, 3),
        pattern: vec!["web".to_owned()],
        hosts: names.clone(),
        batch: 1,
        batches: 1,
        check_mode: false,
    });
    let mut stats = Stats::default();
    for id in 0..TASKS.len() {
        let task = task(id, &source);
        report.on_event(&Event::TaskStart(Arc::clone(&task)));
        for host in &names {
            report.on_event(&Event::HostStart { host: host.clone(), task: Arc::clone(&task) });
        }
        for (number, host) in names.iter().enumerate() {
            std::thread::sleep(std::time::Duration::from_micros(3_000_000 / 40 / hosts as u64));
            let (told, error) = result(host, number, &task);
            stats.record(host, told.status, told.status == TaskStatus::Changed);
            if let Some(error) = error {
                report.on_event(&Event::TaskError(error));
            }
            report.on_event(&Event::HostResult(told));
        }
    }
    report.on_event(&Event::Stats(stats));
    report.on_event(&Event::RunEnd);
}

fn browser() -> Option<&'static str> {
    let is_there =
        |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find(is_there)
}

/// What the browser said while it drew `page` into `picture`.
fn draw(browser: &str, page: &Path, picture: &Path, profile: &Path, is_dark: bool) -> String {
    let mut command = Command::new("timeout");
    command.args(["120", browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]);
    command.args(["--hide-scrollbars", "--enable-logging=stderr", "--window-size=1200,1000"]);
    command.args(["--run-all-compositor-stages-before-draw", "--virtual-time-budget=10000"]);
    command.args(is_dark.then_some("--force-dark-mode"));
    command.arg(format!("--user-data-dir={}", profile.display()));
    command.arg(format!("--screenshot={}", picture.display()));
    let output = command.arg(format!("file://{}", page.display())).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_page_is_drawn_for_few_and_for_many_hosts_light_and_dark() {
    let Some(browser) = browser() else {
        println!("skipped: no Chromium to open the report in");
        return;
    };
    let directory = std::env::temp_dir().join(format!("kapell-report-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    // Where the pictures go that are looked at, or kept in the documentation.
    let pictures = std::env::var_os("KAPELL_SCREENSHOTS").map_or_else(|| directory.clone(), PathBuf::from);
    for hosts in [3, 1000] {
        let page = directory.join(format!("{hosts}.html"));
        write_report(hosts, &page);
        for is_dark in [false, true] {
            let look = if is_dark { "dark" } else { "light" };
            let picture = pictures.join(format!("report-{hosts}-{look}.png"));
            let said = draw(browser, &page, &picture, &directory.join("profile"), is_dark);
            let complaints: Vec<&str> = said.lines().filter(|line| line.contains("CONSOLE")).collect();
            assert!(complaints.is_empty(), "{hosts} hosts, {look}: {complaints:#?}");
            let size = std::fs::metadata(&picture).unwrap().len();
            assert!(size > LEAST_BYTES, "{hosts} hosts, {look}: {size} bytes are an empty page");
        }
    }
    std::fs::remove_dir_all(directory).unwrap();
}
