//! The commands that the README and the pages of docs/ show are run, and print what the pages show.
//!
//! A block `console` is a session: each `$ command` is run, its output compared; `...` stands for anything. A block `sh` is a
//! script that has to succeed. A block with `file=NAME` is written to that file. `not run: KIND` after the language says
//! why a block cannot run in a test. A page's blocks share one fresh directory (a copy of the repository's content for
//! pages that say `<!-- run in: repository -->`). `KAPELL_BOOK_UPDATE=1` writes what was printed into the pages.
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]
#![expect(clippy::print_stdout, reason = "says what ran and what did not, also when everything passes")]

mod examples;
mod inline;
mod page;
mod project;
mod shown;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use page::{Block, Page};
use project::Project;

/// Words before the comma of a block's reason, each with its meaning.
const REASONS: &[(&str, &str)] = &[
    ("EC2", "asks a service of AWS"),
    ("root", "changes the whole machine, or needs an account that may"),
    ("network", "fetches from elsewhere"),
    ("hosts", "needs machines of one's own"),
    ("terminal", "asks somebody at a terminal"),
    ("build", "compiles for minutes"),
    ("elsewhere", "run by another test or by CI"),
];

fn main() -> ExitCode {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let mut problems = inline::summary(repository);
    let (mut run, mut not_run) = (0, BTreeMap::new());
    for path in paths(repository) {
        let name = path.strip_prefix(repository).unwrap().display().to_string();
        if !wanted.is_empty() && !wanted.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let page = Page::read(&path, &name, &mut problems);
        problems.extend(inline::links(&path, &name));
        problems.extend(inline::options(&path, &name));
        count(&page, &mut not_run, &mut problems);
        run += perform(&page, repository, &path, &mut problems);
    }
    if wanted.is_empty() {
        problems.extend(examples::problems(repository));
    }
    println!("book: {run} commands run");
    for (kind, meaning) in REASONS {
        if let Some(number) = not_run.get(*kind) {
            println!("book: {number} commands not run: {kind} ({meaning})");
        }
    }
    problems.iter().for_each(|problem| println!("{problem}"));
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The README, then every page that people wrote.
fn paths(repository: &Path) -> Vec<PathBuf> {
    let pages = fs_err::read_dir(repository.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> = pages.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    pages.sort();
    pages.insert(0, repository.join("README.md"));
    pages
}

fn count(page: &Page, not_run: &mut BTreeMap<String, usize>, problems: &mut Vec<String>) {
    for block in &page.blocks {
        let Block::NotRun { reason, commands, line } = block else { continue };
        let kind = reason.split(',').next().unwrap_or_default().trim();
        if REASONS.iter().any(|(known, _)| *known == kind) {
            *not_run.entry(kind.to_owned()).or_default() += commands;
        } else {
            problems.push(format!("{}:{line}: '{kind}' is no reason for not running a block", page.name));
        }
    }
}

/// How many commands were run.
fn perform(page: &Page, repository: &Path, path: &Path, problems: &mut Vec<String>) -> usize {
    let project = Project::new(page, repository);
    let (mut run, mut updates) = (0, Vec::new());
    for block in &page.blocks {
        match block {
            Block::File { path, text, .. } => project.write(path, text),
            Block::Script { text, line, commands } => {
                run += commands;
                let (code, printed) = project.run(&format!("set -eu\n{text}"));
                if code != 0 {
                    problems.push(format!("{}:{line}: ended with {code}:\n{printed}", page.name));
                }
            }
            Block::Session { commands } => {
                run += commands.len();
                updates.extend(session(page, &project, commands, problems));
            }
            Block::NotRun { .. } => {}
        }
    }
    if std::env::var_os("KAPELL_BOOK_UPDATE").is_some() {
        page::update(path, updates);
    }
    run
}

/// What has to stand in place of the outputs that are shown.
fn session(page: &Page, project: &Project, commands: &[page::Shown], problems: &mut Vec<String>) -> Vec<page::Update> {
    let mut updates = Vec::new();
    let mut last = 0;
    for (at, shown) in commands.iter().enumerate() {
        let (code, printed) =
            if shown.command == "echo $?" { (0, format!("{last}\n")) } else { project.run(&shown.command) };
        let code_is_shown = commands.get(at + 1).is_some_and(|next| next.command == "echo $?");
        if code != 0 && !code_is_shown {
            problems.push(format!("{}:{}: `{}` ended with {code}:\n{printed}", page.name, shown.line, shown.command));
        }
        if let Some(why) = shown::difference(&shown.output, &printed) {
            problems.push(format!("{}:{}: `{}` {why}", page.name, shown.line, shown.command));
            updates.push(page::Update { lines: shown.lines.clone(), printed });
        }
        last = code;
    }
    updates
}
