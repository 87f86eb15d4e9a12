//! `Page`: what a page of the book asks to be written and run, and what it shows.

use std::ops::Range;
use std::path::Path;

pub(crate) struct Page {
    pub(crate) name: String,
    /// Whether its commands are typed in the repository itself.
    pub(crate) in_repository: bool,
    pub(crate) blocks: Vec<Block>,
}

pub(crate) enum Block {
    File { path: String, text: String },
    Script { text: String, line: usize, commands: usize },
    Session { commands: Vec<Shown> },
    NotRun { reason: String, line: usize, commands: usize },
}

/// A command, and what stands below it.
pub(crate) struct Shown {
    pub(crate) command: String,
    pub(crate) line: usize,
    pub(crate) output: Vec<String>,
    /// Of the page, counted from 0.
    pub(crate) lines: Range<usize>,
}

pub(crate) struct Update {
    pub(crate) lines: Range<usize>,
    pub(crate) printed: String,
}

/// A fence and what it holds, as far as it is indented less than the fence.
struct Fenced<'p> {
    info: &'p str,
    /// Of the first line within, counted from 0.
    start: usize,
    lines: Vec<&'p str>,
}

impl Page {
    pub(crate) fn read(path: &Path, name: &str, problems: &mut Vec<String>) -> Self {
        let text = fs_err::read_to_string(path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let mut page = Self {
            name: name.to_owned(),
            in_repository: text.contains("<!-- run in: repository -->"),
            blocks: Vec::new(),
        };
        let (mut at, mut before_is_blank) = (0, true);
        while at < lines.len() {
            let line = lines[at];
            if let Some(info) = line.trim_start().strip_prefix("```") {
                let fenced = fenced(&lines, at, info.trim());
                at = fenced.start + fenced.lines.len();
                match block(&fenced, &lines[..fenced.start - 1]) {
                    Ok(block) => page.blocks.extend(block),
                    Err(why) => problems.push(format!("{name}:{}: {why}", fenced.start)),
                }
            } else if before_is_blank && line.starts_with("    ") && !line.trim().is_empty() {
                problems.push(format!("{name}:{}: an indented block; fences say what is in them", at + 1));
            }
            before_is_blank = line.trim().is_empty();
            at += 1;
        }
        page
    }
}

fn fenced<'p>(lines: &[&'p str], fence: usize, info: &'p str) -> Fenced<'p> {
    let indent = lines[fence].len() - lines[fence].trim_start().len();
    let within = lines[fence + 1..].iter().take_while(|line| line.trim() != "```");
    let cut = |line: &&'p str| line.get(indent..).filter(|_| line[..indent].trim().is_empty()).unwrap_or(line.trim());
    Fenced { info, start: fence + 1, lines: within.map(cut).collect() }
}

/// None: nothing to do. Error: why this cannot be a block.
fn block(fenced: &Fenced<'_>, above: &[&str]) -> Result<Option<Block>, String> {
    let (language, rest) = fenced.info.split_once(' ').unwrap_or((fenced.info, ""));
    let line = fenced.start;
    if let Some(path) = rest.strip_prefix("file=") {
        let mentioned = above.iter().rev().take(4).any(|line| line.contains(&format!("`{path}`")));
        let text = fenced.lines.iter().map(|line| format!("{line}\n")).collect();
        return if mentioned {
            Ok(Some(Block::File { path: path.to_owned(), text }))
        } else {
            Err(format!("the text above does not name the file `{path}`"))
        };
    }
    let is_session = language == "console";
    if !is_session && language != "sh" {
        let hidden = ["", "text", "bash", "shell"].contains(&language)
            && fenced.lines.iter().any(|line| line.starts_with("$ ") || line.starts_with("kapell "));
        return if language.is_empty() || hidden {
            Err("a block of commands is `sh` or `console`, others name their language".to_owned())
        } else {
            Ok(None)
        };
    }
    if let Some(reason) = rest.strip_prefix("not run: ") {
        let is_command = |line: &&&str| if is_session { line.starts_with("$ ") } else { starts_command(line) };
        let commands = fenced.lines.iter().filter(is_command).count();
        return Ok(Some(Block::NotRun { reason: reason.to_owned(), line, commands }));
    }
    if !rest.is_empty() {
        return Err(format!("'{rest}' after the language means nothing"));
    }
    Ok(Some(if is_session {
        Block::Session { commands: session(fenced)? }
    } else {
        let commands = fenced.lines.iter().filter(|line| starts_command(line)).count();
        Block::Script { text: fenced.lines.join("\n"), line, commands }
    }))
}

fn starts_command(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with([' ', '#'])
}

fn session(fenced: &Fenced<'_>) -> Result<Vec<Shown>, String> {
    let mut commands: Vec<Shown> = Vec::new();
    let mut continues = false;
    for (at, line) in fenced.lines.iter().enumerate() {
        let place = fenced.start + at;
        let after = place + 1..place + 1;
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (_, Some(last)) if continues => {
                last.command.push_str(&format!("\n{line}"));
                last.lines = after;
            }
            (Some(command), _) => {
                let command = command.to_owned();
                commands.push(Shown { command, line: place + 1, output: Vec::new(), lines: after });
            }
            (None, Some(last)) => {
                last.output.push((*line).to_owned());
                last.lines.end = place + 1;
            }
            (None, None) => return Err("a session begins with `$ ` and a command".to_owned()),
        }
        let of_command = continues || line.starts_with("$ ");
        continues = of_command && line.ends_with('\\');
    }
    Ok(commands)
}

/// Puts what was printed in place of what was shown.
pub(crate) fn update(path: &Path, updates: Vec<Update>) {
    let text = fs_err::read_to_string(path).unwrap();
    let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    for Update { lines: range, printed } in updates.into_iter().rev() {
        lines.splice(range, printed.trim_end().lines().map(|line| line.trim_end().to_owned()));
    }
    fs_err::write(path, lines.join("\n") + "\n").unwrap();
}
