//! What there is to check below a directory: playbooks, roles, files with variables.

use std::path::{Path, PathBuf};

use kapell_parsing::{Value, VaultSecrets, yaml};

/// Never looked into.
const SKIPPED: &[&str] = &[".git", ".github", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".cache"];
const DEEPEST: usize = 12;
/// Directories of roles whose YAML files are task lists or variables.
const ROLE_PARTS: &[&str] = &["tasks", "handlers", "vars", "defaults", "meta"];

#[derive(Debug, Default)]
pub(crate) struct Content {
    pub playbooks: Vec<PathBuf>,
    /// Directories.
    pub roles: Vec<PathBuf>,
    /// YAML files of any other kind that a run may read: they must be readable.
    pub others: Vec<PathBuf>,
}

/// Everything in `paths`: a file is a playbook, a directory is searched.
pub(crate) fn find(paths: &[PathBuf], secrets: &VaultSecrets) -> Content {
    let mut content = Content::default();
    for path in paths {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        if path.is_dir() { search(&path, secrets, &mut content, 0) } else { content.playbooks.push(path) }
    }
    content
}

fn search(dir: &Path, secrets: &VaultSecrets, content: &mut Content, depth: usize) {
    let is_role = ["tasks/main.yml", "tasks/main.yaml"].iter().any(|name| dir.join(name).is_file());
    if is_role {
        content.roles.push(dir.to_owned());
    }
    let mut entries: Vec<_> = fs_err::read_dir(dir).into_iter().flatten().flatten().collect();
    entries.sort_by_key(fs_err::DirEntry::file_name);
    for entry in entries {
        let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            if SKIPPED.contains(&name.as_str())
                || depth >= DEEPEST
                || (is_role && ["files", "templates"].contains(&name.as_str()))
            {
                continue;
            }
            if is_role && ROLE_PARTS.contains(&name.as_str()) || ["group_vars", "host_vars"].contains(&name.as_str()) {
                yaml_files(&path, &mut content.others, 0);
            } else {
                search(&path, secrets, content, depth + 1);
            }
        } else if kind.is_file() && is_yaml(&path) && is_playbook(&path, secrets) {
            content.playbooks.push(path);
        }
    }
}

fn yaml_files(dir: &Path, found: &mut Vec<PathBuf>, depth: usize) {
    for entry in fs_err::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && depth < DEEPEST {
            yaml_files(&path, found, depth + 1);
        } else if is_yaml(&path) {
            found.push(path);
        }
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yml" || ending == "yaml")
}

/// A list whose entries are plays. Whatever cannot be read is something else.
fn is_playbook(path: &Path, secrets: &VaultSecrets) -> bool {
    const LONGEST: u64 = 4 << 20;
    if fs_err::metadata(path).map_or(true, |about| about.len() > LONGEST) {
        return false;
    }
    let Ok(text) = fs_err::read_to_string(path) else { return false };
    if !text.contains("hosts") && !text.contains("import_playbook") {
        return false;
    }
    let options = yaml::LoadOptions { trust: kapell_parsing::Trust::Untrusted, vault: secrets };
    let source = kapell_parsing::SourceFile::new(path, text);
    let Ok(Value::List(entries)) = yaml::load(&source, &options, &mut Vec::new()) else { return false };
    let is_play = |entry: &Value| {
        ["hosts", "import_playbook", "ansible.builtin.import_playbook"].iter().any(|key| entry.get(key).is_some())
    };
    !entries.is_empty() && entries.iter().all(is_play)
}
