//! The commands of docs/ec2.md, run as they are written. Those that log in to instances, which the emulator has none of,
//! only list their tasks.

use anyhow::{Result, ensure};

use super::Bench;
use crate::command::command;

const PAGE: &str = "docs/ec2.md";
/// Playbooks that log in.
const REACHING: &[&str] = &["configure_", "grow_"];

impl Bench {
    pub(super) fn walkthrough(&self) -> Result<()> {
        self.forget()?;
        let page = fs_err::read_to_string(self.place.join(PAGE))?;
        let commands = commands(&page);
        ensure!(commands.len() > 5, "{PAGE} shows only {} commands", commands.len());
        for words in &commands {
            let mut ask = command([self.kapell.as_os_str()]);
            ask.args(words.iter().skip(1));
            if words.iter().any(|word| REACHING.iter().any(|start| word.contains(start))) {
                ask.arg("--list-tasks");
            }
            let ran = self.engine(ask, &[("AWS_REGION", "us-east-2")])?;
            ensure!(ran.output.status.success(), "{PAGE}: {}:\n{}", words.join(" "), ran.text());
        }
        println!("{PAGE}: {} commands work", commands.len());
        Ok(())
    }
}

/// The lines of `sh` blocks that call kapell, in words; a backslash at the end continues a line. More may stand behind `sh`:
/// the book says there who runs its commands.
fn commands(page: &str) -> Vec<Vec<String>> {
    let blocks = page.split("```sh").skip(1).filter_map(|rest| rest.split_once('\n')?.1.split("```").next());
    let lines = blocks.flat_map(|block| block.replace("\\\n", " ").lines().map(str::to_owned).collect::<Vec<_>>());
    let words = |line: String| line.split_whitespace().map(|word| word.trim_matches('"').to_owned()).collect();
    lines.filter(|line| line.starts_with("kapell ")).map(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_in_pages() {
        let page = "a\n```sh not run: x\nkapell playbook x.yml \\\n  -e \"@v.yml\"\ncargo build\n```\n```yaml\nkapell: 1\n```\n";
        assert_eq!(commands(page), [["kapell", "playbook", "x.yml", "-e", "@v.yml"]]);
    }
}
