//! All content of a project: each playbook with what it brings in, roles no playbook uses, files that must be readable.

use std::cell::RefCell;
use std::collections::HashSet;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, available_parallelism};

use kapell_config::Settings;
use kapell_executor::static_names::render_static;
use kapell_parsing::{Key, Map, Origin, SourceFile, Text, Trust, Value, VaultSecrets, yaml};
use kapell_playbook::{LoadContext, Playbook, ReadFiles, Scope, look_at_playbook, look_at_plays};
use kapell_template::{Mentions, Templar, TemplarOptions};

use super::content::Content;
use super::finding::{Certainty, Finding, Findings, Rule};
use super::known_names::KnownNames;
use super::tasks::PlayCheck;
use crate::cloud;

pub(crate) struct Project<'a> {
    pub settings: &'a Settings,
    pub vault: &'a VaultSecrets,
    pub extra_vars: &'a Map,
    pub given: KnownNames,
    pub has_inventory: bool,
}

impl Project<'_> {
    /// All findings, and how many files there were.
    pub(crate) fn check(&self, content: &Content) -> (Vec<Finding>, usize) {
        let read = Arc::default();
        let (mut findings, used) = in_parallel(&content.playbooks, |path, look| self.playbook(path, None, look, &read));
        let unused: Vec<PathBuf> = content.roles.iter().filter(|role| !used.contains(*role)).cloned().collect();
        let (of_roles, _) = in_parallel(&unused, |role, look| self.playbook(&beside(role), Some(role), look, &read));
        findings.extend(of_roles);
        let (of_others, _) = in_parallel(&content.others, |path, look| self.readable(path, &look.findings));
        findings.extend(of_others);
        let files = content.playbooks.len() + content.others.len();
        (findings.sorted(), files)
    }

    /// A playbook, or a play that only has `role`.
    fn playbook(&self, path: &Path, role: Option<&Path>, look: &Look, read: &Arc<ReadFiles>) {
        let library = cloud::library(self.settings);
        let templar = Templar::new(TemplarOptions { vault: self.vault.clone(), ..TemplarOptions::default() });
        let render = |value: &Value, scope: &Scope| render_static(&templar, value, scope, self.extra_vars);
        let warnings = RefCell::new(Vec::new());
        // Names of collections are judged later, each at its task.
        let is_module = |name: &str| name.matches('.').count() >= 2 || library.may_be_named(name);
        let cx = LoadContext {
            settings: self.settings,
            vault: self.vault,
            removed: &|name| library.removed_action(name),
            is_module: &is_module,
            has_action_group: &|_| true,
            content_dir: &|dir| library.add_content(dir),
            render: &render,
            warnings: &warnings,
        };
        let (loaded, errors) = match role {
            None => look_at_playbook(path, &cx, read),
            Some(role) => look_at_plays(path, play_of(role), &cx, read),
        };
        let check = PlayCheck {
            library: &library,
            cx: &cx,
            mentions: &look.mentions,
            findings: &look.findings,
            given: &self.given,
            has_inventory: self.has_inventory && role.is_none(),
        };
        check.load_errors(&errors, Certainty::Certain);
        let mut lasting = KnownNames::default();
        for play in loaded.iter().flat_map(|playbook: &Playbook| &playbook.plays) {
            check.run(play, errors.is_empty() && role.is_none(), &mut lasting);
        }
        let plays = loaded.iter().flat_map(|playbook| &playbook.plays);
        look.used.borrow_mut().extend(plays.flat_map(|play| &play.roles).map(|role| role.path.clone()));
    }

    fn readable(&self, path: &Path, findings: &RefCell<Findings>) {
        let Ok(text) = fs_err::read_to_string(path) else { return };
        if text.starts_with("$ANSIBLE_VAULT") {
            return;
        }
        let options = yaml::LoadOptions { trust: Trust::Untrusted, vault: self.vault };
        if let Err(error) = yaml::load(&SourceFile::new(path, text), &options, &mut Vec::new())
            && !error.message.contains("vault")
        {
            findings.borrow_mut().add(Rule::Syntax, Certainty::Certain, error);
        }
    }
}

/// What one thread finds and remembers.
#[derive(Default)]
struct Look {
    mentions: Mentions,
    findings: RefCell<Findings>,
    /// Roles of the plays.
    used: RefCell<HashSet<PathBuf>>,
}

/// Templates are read by recursion.
const STACK: usize = 16 << 20;

/// Looks at all `paths`, with as many threads as there are processors. All findings, and the roles used.
fn in_parallel(paths: &[PathBuf], look_at: impl Fn(&Path, &Look) + Sync) -> (Findings, HashSet<PathBuf>) {
    let next = AtomicUsize::new(0);
    let work = || {
        let look = Look::default();
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            look_at(path, &look);
        }
        (look.findings.into_inner(), look.used.into_inner())
    };
    let threads = available_parallelism().map_or(1, NonZero::get).min(paths.len());
    let (mut findings, mut used) = (Findings::default(), HashSet::new());
    std::thread::scope(|scope| {
        let start = |_| Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        // Where no thread can be started, this one does it all.
        let started: Vec<_> = (1..threads).filter_map(|number| start(number).ok()).collect();
        let mut done = vec![work()];
        done.extend(started.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))));
        for (more, roles) in done {
            findings.extend(more);
            used.extend(roles);
        }
    });
    (findings, used)
}

/// A playbook that could be there, so that roles beside it are found.
fn beside(role: &Path) -> PathBuf {
    let roles = role.parent().unwrap_or(role);
    let project =
        if roles.file_name().is_some_and(|name| name == "roles") { roles.parent().unwrap_or(roles) } else { roles };
    project.join("check-of-a-role.yml")
}

fn play_of(role: &Path) -> Value {
    let origin = Origin::new(SourceFile::new(role.join("tasks/main.yml"), ""), 1, 1);
    let key = |name: &str| Key::Str(Text::trusted(name, Some(origin.clone())));
    let text = |text: &str| Value::Str(Text::trusted(text, Some(origin.clone())));
    let name = role.to_string_lossy();
    let play = Map::from([
        (key("hosts"), text("all")),
        (key("gather_facts"), Value::Bool(false)),
        (key("roles"), Value::list(vec![text(&name)])),
    ]);
    Value::list(vec![Value::map(play)])
}
