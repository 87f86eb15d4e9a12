//! `init`: a new role or collection, from our own skeleton or one the user has.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kapell_callback::{Color, Display};
use kapell_parsing::{Diagnostic, Map, SourceFile, Value};
use kapell_template::{RenderContext, Templar, TemplarOptions, TextOptions, VariableSource};

use super::manifest::is_full_name;
use crate::refusal::Refusal;

/// A path and what is in it; a directory without content.
type File = (&'static str, Option<&'static str>);

const ROLE: &[File] = &[
    (
        "README.md",
        Some(
            "# {{ role_name }}\n\nWhat this role does, in a sentence.\n\n## Variables\n\n| name | default | meaning |\n|---|---|---|\n\n## Example\n\n```yaml\n- hosts: servers\n  roles:\n    - role: {{ role_name }}\n```\n",
        ),
    ),
    ("defaults/main.yml", Some("---\n# Values that anybody may override.\n")),
    ("files", None),
    ("handlers/main.yml", Some("---\n# What tasks notify.\n")),
    (
        "meta/main.yml",
        Some(
            "galaxy_info:\n  author: {{ author }}\n  description: {{ description }}\n  company: {{ company }}\n  license: {{ license }}\n  min_ansible_version: '{{ min_ansible_version }}'\n  galaxy_tags: []\n\ndependencies: []\n",
        ),
    ),
    ("tasks/main.yml", Some("---\n# What this role does.\n")),
    ("templates", None),
    ("tests/inventory", Some("localhost\n")),
    ("tests/test.yml", Some("---\n- hosts: localhost\n  remote_user: root\n  roles:\n    - {{ role_name }}\n")),
    ("vars/main.yml", Some("---\n# Values that are this role's own.\n")),
];

/// Types of roles; those of `apb` and `network` have the files of any role.
const KINDS: [&str; 4] = ["default", "apb", "container", "network"];

/// What roles that make containers have beside it.
const CONTAINER: &[File] = &[
    ("meta/container.yml", Some("---\n# How the container of this role is to be run.\n")),
    ("tests/ansible.cfg", Some("[defaults]\ninventory = ./inventory\n")),
];

const COLLECTION: &[File] = &[
    ("README.md", Some("# {{ namespace }}.{{ collection_name }}\n\nWhat this collection is for, in a sentence.\n")),
    ("docs", None),
    (
        "galaxy.yml",
        Some(
            "# What must be there.\nnamespace: {{ namespace }}\nname: {{ collection_name }}\nversion: {{ version }}\nreadme: {{ readme }}\nauthors:\n  - {{ author }} <example@domain.com>\n\n# What should be there.\ndescription: {{ description }}\nlicense:\n  - {{ license }}\n# Instead of `license`: a file with it.\nlicense_file: ''\ntags: []\n# Other collections: `namespace.name: '>=1.0.0'`.\ndependencies: {}\nrepository: http://example.com/repository\ndocumentation: http://docs.example.com\nhomepage: http://example.com\nissues: http://example.com/issue/tracker\n\n# Patterns of files that are not published; or `manifest`, directives that choose them.\nbuild_ignore: []\n",
        ),
    ),
    (
        "meta/runtime.yml",
        Some("---\n# The versions of Ansible this collection works with.\nrequires_ansible: '>=2.15.0'\n"),
    ),
    (
        "plugins/README.md",
        Some(
            "# Plugins\n\nA directory for each kind: `modules`, `module_utils`, `filter`, `lookup`, `action`, `inventory`, …\n",
        ),
    ),
    ("roles", None),
];

pub(crate) struct Init<'a> {
    pub name: &'a str,
    pub below: PathBuf,
    pub force: bool,
    /// The user's own.
    pub skeleton: Option<PathBuf>,
    /// `--type` of a role.
    pub kind: &'a str,
    pub extra_vars: Map,
    pub display: &'a Display,
}

impl Init<'_> {
    pub(crate) fn role(&self) -> Result<(), Refusal> {
        if self.name.contains('/') || self.name.starts_with('.') || self.name.is_empty() {
            return Err(Diagnostic::error(format!("Invalid role name '{}'", self.name)).into());
        }
        if !KINDS.contains(&self.kind) && self.skeleton.is_none() {
            let message = format!("there is no skeleton for roles of type '{}', cannot init role", self.kind);
            return Err(Diagnostic::error(message).did_you_mean(self.kind, KINDS).into());
        }
        let vars = [("role_name", self.name), ("role_type", self.kind), ("min_ansible_version", "2.15")];
        let own = if self.kind == "container" { CONTAINER } else { &[] };
        self.make(&self.below.join(self.name), &[ROLE, own].concat(), &vars, "Role")
    }

    pub(crate) fn collection(&self) -> Result<(), Refusal> {
        if !is_full_name(self.name) {
            let message = format!(
                "Invalid collection name '{}', name must be in the format <namespace>.<collection>. \nPlease make sure \
                 namespace and collection name contains characters from [a-zA-Z0-9_] only.\n",
                self.name
            );
            return Err(Diagnostic::error(message).into());
        }
        let (namespace, name) = self.name.split_once('.').unwrap_or_default();
        let vars = [("namespace", namespace), ("collection_name", name), ("version", "1.0.0"), ("readme", "README.md")];
        self.make(&self.below.join(namespace).join(name), COLLECTION, &vars, "Collection")
    }

    fn make(&self, target: &Path, files: &[File], vars: &[(&str, &str)], kind: &str) -> Result<(), Refusal> {
        let shown = target.display();
        if target.exists() {
            if !target.is_dir() {
                return Err(
                    Diagnostic::error(format!("- the path {shown} already exists, but is a file - aborting")).into()
                );
            }
            if !self.force {
                let message = format!(
                    "- the directory {shown} already exists. You can use --force to re-initialize this directory,\nhowever it \
                     will reset any main.yml files that may have\nbeen modified there already.\n"
                );
                return Err(Diagnostic::error(message).into());
            }
        }
        let vars = self.variables(vars);
        match &self.skeleton {
            Some(skeleton) => copy(skeleton, target, &vars)?,
            None => {
                for (name, content) in files {
                    let path = target.join(name);
                    let Some(content) = content else {
                        fs_err::create_dir_all(path)?;
                        continue;
                    };
                    fs_err::create_dir_all(path.parent().unwrap_or(target))?;
                    fs_err::write(path, rendered(content, &vars)?)?;
                }
            }
        }
        self.display.out(&format!("- {kind} {} was created successfully", self.name), Color::Plain);
        Ok(())
    }

    fn variables(&self, own: &[(&str, &str)]) -> Map {
        let given = [
            ("author", "your name"),
            ("description", "what it is for"),
            ("company", "your company (optional)"),
            ("license", "GPL-2.0-or-later"),
            ("issue_tracker_url", "http://example.com/issue/tracker"),
            ("repository_url", "http://example.com/repository"),
            ("documentation_url", "http://docs.example.com"),
            ("homepage_url", "http://example.com"),
            ("ansible_plugin_list_dir", ""),
        ];
        let all = given.iter().chain(own).map(|(name, text)| ((*name).into(), Value::from(*text)));
        let mut vars: Map = all.collect();
        vars.extend(self.extra_vars.iter().map(|(key, value)| (key.clone(), value.clone())));
        vars
    }
}

/// The user's skeleton: `.j2` files rendered, except those that are templates of the role; everything else as it is.
fn copy(from: &Path, to: &Path, vars: &Map) -> Result<(), Refusal> {
    if !from.is_dir() {
        return Err(Diagnostic::error(format!("- the skeleton path '{}' does not exist", from.display())).into());
    }
    fs_err::create_dir_all(to)?;
    for entry in fs_err::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if name == ".git" || name == ".git_keep" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&path, &to.join(&name), vars)?;
            continue;
        }
        let is_templates = from.file_name().is_some_and(|name| name == "templates");
        match name.strip_suffix(".j2").filter(|_| !is_templates) {
            Some(plain) => fs_err::write(to.join(plain), rendered(&fs_err::read_to_string(&path)?, vars)?)?,
            None => _ = fs_err::copy(&path, to.join(&name))?,
        }
    }
    Ok(())
}

fn rendered(text: &str, vars: &Map) -> Result<String, Refusal> {
    let templar = Templar::new(TemplarOptions::default());
    let source: Arc<dyn VariableSource> = Arc::new(vars.clone());
    let file = SourceFile::new("<skeleton>", text);
    let options = TextOptions::default();
    let rendered = templar.render_text(&file, &options, &source, &RenderContext::default());
    rendered.map_err(|error| Refusal::from(Diagnostic::error(error.to_string())))
}
