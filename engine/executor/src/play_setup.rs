//! What happens before a play's first task: its keywords read, its hosts chosen, its variables loaded, its block built.

use std::path::PathBuf;
use std::sync::Arc;

use kapell_config::Gathering;
use kapell_inventory::HostPattern;
use kapell_parsing::{Diagnostic, ErrorKind, Map, Text, Value};
use kapell_playbook::{Block, Node, Play, Scope, ScopeKind, Task};

use crate::action_groups::ActionGroups;
use crate::play_variables::PlayVariables;
use crate::playbook_executor::render_for_play;
use crate::run_state::{PlayState, RunState};
use crate::selection::is_named;
use crate::strategy::Strategy;
use crate::variables::{VarsFiles, try_without_host};
use crate::{Event, Run, vars_prompt};

/// A play's own keywords, rendered without a host.
pub struct PlaySettings {
    pub title: String,
    pub pattern: HostPattern,
    /// The same in words.
    pub written_pattern: Vec<String>,
    pub serial: Option<Value>,
    pub max_fail_percentage: Option<f64>,
    /// An unknown one stops the run once the play is announced.
    pub strategy: Result<Strategy, Diagnostic>,
    /// Whether failed tasks start the debugger unless their `debugger` says otherwise.
    pub debugger: bool,
    pub order: Option<String>,
    pub gather_facts: Option<bool>,
    pub force_handlers: bool,
}

impl PlaySettings {
    pub fn read(run: &Arc<Run>, play: &Arc<Play>, state: &RunState) -> Result<Self, Diagnostic> {
        let reader = PlayKeywords { run, play, state };
        let hosts = render_for_play(run, state, &play.hosts, play)?;
        let pattern = HostPattern::from_value(&hosts).map_err(|error| error.at(play.hosts.origin()))?;
        let strategy = reader.text("strategy")?.unwrap_or_else(|| run.settings.strategy.clone());
        let debugger = strategy.rsplit('.').next() == Some("debug") || run.settings.enable_task_debugger;
        let title = match &play.name {
            Some(name) => render_for_play(run, state, &Value::Str(name.clone()), play)?.to_string(),
            None => title_of_hosts(&play.hosts, &hosts),
        };
        Ok(Self {
            title,
            pattern,
            written_pattern: patterns_in(&hosts),
            serial: reader.value("serial")?,
            max_fail_percentage: reader.percentage("max_fail_percentage")?,
            strategy: strategy_named(&strategy, play),
            debugger,
            order: reader.text("order")?,
            gather_facts: reader.flag("gather_facts")?,
            force_handlers: reader
                .flag("force_handlers")?
                .unwrap_or(run.options.force_handlers || run.settings.force_handlers),
        })
    }
}

fn strategy_named(name: &str, play: &Play) -> Result<Strategy, Diagnostic> {
    Strategy::named(name).ok_or_else(|| {
        Diagnostic::error(format!("Invalid play strategy specified: {name}"))
            .at(play.scope.own("strategy").and_then(Value::origin).or(Some(&play.origin)))
            .did_you_mean(name, Strategy::NAMES)
            .of_kind(ErrorKind::Usage)
    })
}

/// The title of a play without a name: the patterns of a list as they are `written`, otherwise what they are.
pub fn title_of_hosts(written: &Value, hosts: &Value) -> String {
    match (written, hosts) {
        (Value::List(items), _) => items.iter().map(Value::to_string).collect::<Vec<_>>().join(","),
        (_, Value::Null | Value::Undefined(_)) => String::new(),
        (_, Value::List(_)) => hosts.repr(),
        (_, hosts) => hosts.to_string(),
    }
}

fn patterns_in(hosts: &Value) -> Vec<String> {
    match hosts {
        Value::List(items) => items.iter().map(Value::to_string).collect(),
        other => other.to_string().split(',').map(|pattern| pattern.trim().to_owned()).collect(),
    }
}

struct PlayKeywords<'a> {
    run: &'a Arc<Run>,
    play: &'a Play,
    state: &'a RunState,
}

impl PlayKeywords<'_> {
    fn value(&self, name: &str) -> Result<Option<Value>, Diagnostic> {
        let Some(written) = self.play.scope.own(name) else { return Ok(None) };
        let rendered = render_for_play(self.run, self.state, written, self.play)?;
        Ok(Some(rendered).filter(|value| !value.is_null() && !value.is_undefined()))
    }

    fn text(&self, name: &str) -> Result<Option<String>, Diagnostic> {
        Ok(self.value(name)?.map(|value| value.to_string()))
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Diagnostic> {
        let Some(value) = self.value(name)? else { return Ok(None) };
        let flag = value.to_bool_loose();
        flag.map(Some).ok_or_else(|| self.wrong(name, "a boolean", &value))
    }

    fn percentage(&self, name: &str) -> Result<Option<f64>, Diagnostic> {
        let Some(value) = self.value(name)? else { return Ok(None) };
        let number = value.to_string().trim().trim_end_matches('%').parse();
        number.map(Some).map_err(|_| self.wrong(name, "a percentage", &value))
    }

    fn wrong(&self, name: &str, expected: &str, found: &Value) -> Diagnostic {
        Diagnostic::error(format!("'{name}' must be {expected}, not '{found}'")).at(self
            .play
            .scope
            .own(name)
            .and_then(Value::origin)
            .or(Some(&self.play.origin)))
    }
}

/// Asks the play's questions: their answers may even say which hosts it is for.
pub fn ask(run: &Arc<Run>, play: &Play, state: &mut RunState) -> Result<(), Diagnostic> {
    let answers = vars_prompt::ask(run, play, state)?;
    let Some(entered) = &mut state.world.play else { return Ok(()) };
    Arc::make_mut(entered).prompted = Arc::new(answers);
    let templated = Arc::clone(&entered.host_vars_files);
    try_without_host(run, &state.world, &templated, &play.basedir)
}

/// Makes the play's variables the current ones: from here on those of the play before are gone.
pub fn enter_play(run: &Arc<Run>, play: &Arc<Play>, state: &mut RunState) -> Result<(), Diagnostic> {
    let mut warnings = Vec::new();
    let variables = PlayVariables::read(play, &run.settings, &run.vault, &mut warnings);
    warnings.into_iter().for_each(|warning| run.emit(Event::Diagnostic(warning)));
    let PlayVariables { role_defaults, vars_files: VarsFiles { fixed, per_host }, role_vars } = variables?;
    let roles = play.roles.iter().map(|role| role.path.as_path());
    std::iter::once(play.basedir.as_path()).chain(roles).for_each(|root| run.templar.add_plugin_root(root));
    state.world.play = Some(Arc::new(PlayState {
        play: Arc::clone(play),
        title: String::new(),
        vars: Arc::new(play.vars.clone()),
        all_hosts: Value::list(Vec::new()),
        hosts: Value::list(Vec::new()),
        batch: Value::list(Vec::new()),
        prompted: Arc::default(),
        vars_files: Arc::new(fixed),
        host_vars_files: Arc::new(per_host),
        included_roles: Arc::default(),
        role_defaults: Arc::new(role_defaults),
        role_vars: Arc::new(role_vars),
        action_groups: Arc::new(ActionGroups::new(collection_roots(run, play))),
    }));
    Ok(())
}

/// Reads the keywords of the play that was entered; tasks see its title from then on.
pub fn read_settings(run: &Arc<Run>, play: &Arc<Play>, state: &mut RunState) -> Result<PlaySettings, Diagnostic> {
    let settings = PlaySettings::read(run, play, state)?;
    if let Some(entered) = &mut state.world.play {
        Arc::make_mut(entered).title.clone_from(&settings.title);
    }
    Ok(settings)
}

/// Directories with collections: the playbook's own first.
fn collection_roots(run: &Run, play: &Play) -> Vec<PathBuf> {
    std::iter::once(play.basedir.join("collections")).chain(run.settings.collections_paths.iter().cloned()).collect()
}

/// The hosts of a play, those that are out of the run among them.
pub struct PlayHosts {
    /// As the pattern selects them: what variables show.
    pub selected: Vec<String>,
    /// In the order the play asks for.
    pub ordered: Vec<String>,
}

pub fn hosts(run: &Run, settings: &PlaySettings, state: &RunState) -> Result<PlayHosts, Diagnostic> {
    let inventory = &state.world.inventory;
    let mut warnings = Vec::new();
    let selected = inventory.select(&settings.pattern, run.options.limit_pattern.as_ref(), &mut warnings)?;
    warnings.into_iter().for_each(|warning| run.emit(Event::Diagnostic(warning)));
    let mut ordered = selected.clone();
    match settings.order.as_deref() {
        None | Some("inventory") => {}
        Some("sorted") => ordered.sort(),
        Some("reverse_sorted") => {
            ordered.sort();
            ordered.reverse();
        }
        Some("reverse_inventory") => ordered.reverse(),
        Some("shuffle") => {
            use rand::seq::SliceRandom;
            ordered.shuffle(&mut rand::rng());
        }
        Some(other) => {
            let known = ["inventory", "sorted", "reverse_sorted", "reverse_inventory", "shuffle"];
            return Err(Diagnostic::error(format!("Invalid 'order' specified for inventory hosts: {other}"))
                .did_you_mean(other, known)
                .of_kind(ErrorKind::Options));
        }
    }
    Ok(PlayHosts { selected, ordered })
}

/// Reads the batch's inventory variables and tells variables which hosts it has.
pub fn enter_batch(run: &Run, state: &mut RunState, hosts: &PlayHosts, batch: &[String]) -> Result<(), Diagnostic> {
    let world = &state.world;
    for host in batch.iter().filter_map(|name| world.inventory.host(name)) {
        world.inventory_variables.of_host(&world.inventory, host);
    }
    let warnings = world.inventory_variables.take_problems()?;
    warnings.into_iter().for_each(|warning| run.emit(Event::Diagnostic(warning)));
    let list = |hosts: &[String]| Value::list(hosts.iter().map(|host| host.as_str().into()).collect());
    let left: Vec<String> = hosts.selected.iter().filter(|host| !state.is_out(host)).cloned().collect();
    if let Some(play) = &mut state.world.play {
        let play = Arc::make_mut(play);
        play.all_hosts = list(&hosts.selected);
        play.hosts = list(&left);
        play.batch = list(batch);
    }
    Ok(())
}

fn starts_at_first(run: &Run, play: &Play) -> bool {
    let Some(wanted) = &run.options.start_at_task else { return false };
    let mut node = [&play.pre_tasks, &play.role_tasks, &play.tasks].into_iter().find_map(|section| section.first());
    while let Some(Node::Block(block)) = node {
        node = block.body.first();
    }
    matches!(node, Some(Node::Task(task)) if is_named(task, wanted))
}

/// The whole play as one block: facts, pre_tasks, roles, tasks and post_tasks with handlers flushed in between.
/// A play that `--start-at-task`, still `waiting`, enters at its very first task gathers facts whatever it says, as
/// ansible-core's do.
pub fn root_block(run: &Run, play: &Play, settings: &PlaySettings, waiting: bool) -> Arc<Block> {
    let synthetic = Synthetic::new(play);
    let mut body = Vec::new();
    let wants_facts = settings.gather_facts.unwrap_or(run.settings.gathering != Gathering::Explicit);
    if wants_facts || waiting && starts_at_first(run, play) {
        body.push(Node::Task(synthetic.gather_facts()));
    }
    let main = play.role_tasks.iter().chain(&play.tasks).cloned().collect();
    for section in [play.pre_tasks.clone(), main, play.post_tasks.clone()] {
        let flush = Node::Task(synthetic.flush_handlers());
        if settings.force_handlers {
            // Whoever fails runs the handlers it was told of on its way out.
            body.push(Node::Block(synthetic.block(section, vec![flush])));
        } else {
            body.extend(section);
            body.push(flush);
        }
    }
    Arc::new(Block { scope: Arc::clone(&play.scope), name: None, body, rescue: Vec::new(), always: Vec::new() })
}

/// Tasks nobody wrote.
struct Synthetic<'a> {
    play: &'a Play,
}

impl<'a> Synthetic<'a> {
    fn new(play: &'a Play) -> Self {
        Self { play }
    }

    fn block(&self, body: Vec<Node>, always: Vec<Node>) -> Arc<Block> {
        let scope = Scope::new(ScopeKind::Block, Some(&self.play.scope), self.play.basedir.clone());
        Arc::new(Block { scope: Arc::new(scope), name: None, body, rescue: Vec::new(), always })
    }

    fn gather_facts(&self) -> Arc<Task> {
        let mut args = Map::new();
        for keyword in ["gather_subset", "gather_timeout", "fact_path"] {
            if let Some(value) = self.play.scope.own(keyword) {
                args.insert(keyword.into(), value.clone());
            }
        }
        // A play with tags gathers for these, one without for all.
        let is_tagged = !self.play.scope.tags().is_empty();
        let tags: &[&str] = if is_tagged { &[] } else { &["always"] };
        self.task("gather_facts", Some("Gathering Facts"), args, (None, tags))
    }

    fn flush_handlers(&self) -> Arc<Task> {
        self.task("ansible.builtin.meta", None, Map::new(), (Some("flush_handlers"), &["always"]))
    }

    /// Its tags are those of the play and its own.
    fn task(
        &self,
        action: &str,
        name: Option<&str>,
        args: Map,
        (free_form, tags): (Option<&str>, &[&str]),
    ) -> Arc<Task> {
        let mut scope = Scope::new(ScopeKind::Task, Some(&self.play.scope), self.play.basedir.clone());
        scope.keywords.insert("tags", Value::list(tags.iter().map(|tag| Value::from(*tag)).collect()));
        Arc::new(Task {
            id: scope.id,
            scope: Arc::new(scope),
            name: name.map(Text::from),
            action: action.into(),
            args: Value::map(args),
            free_form: free_form.map(Text::from),
            origin: self.play.origin.clone(),
            is_handler: false,
            listen: Vec::new(),
            delegate_local: false,
            implicit: true,
        })
    }
}
