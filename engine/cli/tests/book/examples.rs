//! The examples on the pages of modules are tasks that `kapell check` has nothing to say about, but for files they name.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Each page's examples as one playbook.
pub(crate) fn problems(repository: &Path) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let mut playbooks = Vec::new();
    for entry in fs_err::read_dir(repository.join("docs/modules")).unwrap() {
        let page = entry.unwrap().path();
        let text = fs_err::read_to_string(&page).unwrap();
        let Some((_, examples)) = text.split_once("\n## Examples\n\n```yaml\n") else { continue };
        let tasks = examples.lines().take_while(|line| *line != "```").map(|line| format!("    {line}\n"));
        let playbook = directory.path().join(page.file_stem().unwrap()).with_extension("yml");
        let tasks: String = tasks.collect();
        fs_err::write(&playbook, format!("- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}")).unwrap();
        playbooks.push(playbook);
    }
    let mut check = Command::new(env!("CARGO_BIN_EXE_kapell"));
    check.args(["check", "--format", "json"]).args(&playbooks).current_dir(directory.path());
    let output = check.env_clear().env("HOME", directory.path()).output().unwrap();
    let Ok(told) = serde_json::from_slice::<Value>(&output.stdout) else {
        return vec![format!("kapell check of the examples: {}", String::from_utf8_lossy(&output.stderr))];
    };
    let findings = told["findings"].as_array().into_iter().flatten();
    findings
        .filter(|finding| finding["certainty"] == "certain" && finding["rule"] != "missing-file")
        .map(shown)
        .collect()
}

fn shown(finding: &Value) -> String {
    let file = finding["file"].as_str().unwrap_or_default();
    let page = Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
    format!("docs/modules/{page}.md: an example: {}", finding["message"].as_str().unwrap_or_default())
}
