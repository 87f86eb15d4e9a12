//! `PlayIterator`: where each host stands in a play's blocks, and what failing does to it.
//!
//! A host's place is a stack of frames, one per block entered. A frame's index names the node being worked on and moves
//! on only when that node is done, so the indices from bottom to top order all tasks of a play: an included task comes
//! after its include and before whatever follows it. Linear execution picks the smallest such place.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use kapell_playbook::{Block, Node, Role, ScopeKind, Task};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Body,
    Rescue,
    Always,
}

/// What a frame walks through.
#[derive(Clone)]
enum Content {
    Block(Arc<Block>),
    /// What an include brought, of which a host goes through some nodes: their indices in order.
    Included(Arc<Block>, Vec<usize>),
    /// The play's handlers, of which a host runs those it was told of.
    Handlers(Arc<Vec<Arc<Task>>>),
}

#[derive(Clone)]
struct Frame {
    content: Content,
    section: Section,
    index: usize,
    /// A failure passes through: this frame's `always` runs, then the failure goes on outwards.
    failed: bool,
}

impl Frame {
    fn new(content: Content) -> Self {
        Self { content, section: Section::Body, index: 0, failed: false }
    }

    fn node(&self) -> Option<NodeRef<'_>> {
        match &self.content {
            Content::Handlers(handlers) => handlers.get(self.index).map(NodeRef::Handler),
            Content::Block(block) | Content::Included(block, _) => {
                let nodes = match self.section {
                    Section::Body => &block.body,
                    Section::Rescue => &block.rescue,
                    Section::Always => &block.always,
                };
                nodes.get(self.index).map(|node| match node {
                    Node::Task(task) => NodeRef::Task(task),
                    Node::Block(block) => NodeRef::Block(block),
                })
            }
        }
    }

    /// To the next node that is this host's, this one included.
    fn pass_over(&mut self) {
        if let Content::Included(block, own) = &self.content {
            let next = own.get(own.partition_point(|at| *at < self.index));
            self.index = next.copied().unwrap_or(block.body.len());
        }
    }

    fn has_rescue(&self) -> bool {
        matches!(&self.content, Content::Block(block) if !block.rescue.is_empty())
    }

    fn has_always(&self) -> bool {
        matches!(&self.content, Content::Block(block) if !block.always.is_empty())
    }

    fn enter(&mut self, section: Section) {
        self.section = section;
        self.index = 0;
    }
}

enum NodeRef<'a> {
    Task(&'a Arc<Task>),
    Handler(&'a Arc<Task>),
    Block(&'a Arc<Block>),
}

/// A place in a play, ordered as the play is written.
pub type Place = Vec<(u8, usize)>;

/// What became of a host whose task failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// An enclosing rescue takes over.
    Rescued,
    /// No rescue: the host is out of the play, after the `always` sections on its way out.
    Failed,
}

/// Where one host stands.
#[derive(Clone, Default)]
pub struct HostState {
    frames: Vec<Frame>,
    /// What its tasks notified since handlers ran: which handlers that means is decided when they run.
    requested: IndexSet<String>,
    notified: IndexSet<u64>,
    /// Identities of the roles this host has done or failed a task of; skipped ones do not count.
    begun_roles: HashSet<String>,
    /// Identities of the roles this host has been through.
    completed_roles: HashSet<String>,
    pub failed: bool,
    pub unreachable: bool,
    /// `meta: end_host` and the like: no more tasks, and not a failure.
    pub ended: bool,
}

impl HostState {
    /// Whether the host can still be given tasks.
    pub fn is_active(&self) -> bool {
        !self.unreachable && !self.ended && !self.frames.is_empty()
    }

    /// The task to do next. Enters blocks and leaves finished ones on the way; `is_selected` passes over tasks by tag.
    fn peek(&mut self, is_selected: &dyn Fn(&Task) -> bool) -> Option<Arc<Task>> {
        if self.unreachable || self.ended {
            return None;
        }
        loop {
            let frame = self.frames.last_mut()?;
            frame.pass_over();
            match frame.node() {
                Some(NodeRef::Task(task)) if is_selected(task) => return Some(Arc::clone(task)),
                Some(NodeRef::Handler(task)) if self.notified.contains(&task.id) => return Some(Arc::clone(task)),
                Some(NodeRef::Block(block)) if runs_again(block, &self.completed_roles) => {
                    let inner = Frame::new(Content::Block(Arc::clone(block)));
                    self.frames.push(inner);
                }
                Some(_) => frame.index += 1,
                None => self.end_section(),
            }
        }
    }

    /// The top frame's section is done: on to `always`, or out of the frame.
    fn end_section(&mut self) {
        let Some(frame) = self.frames.last_mut() else { return };
        if frame.section != Section::Always && frame.has_always() {
            frame.enter(Section::Always);
            return;
        }
        let failed = frame.failed;
        self.leave_frame();
        if failed {
            self.fail();
        }
    }

    fn leave_frame(&mut self) {
        if let Some(left) = self.frames.pop()
            && let Content::Block(block) = &left.content
            && let Some(role) = role_of(block)
            && !left.failed
            && self.begun_roles.contains(&role.identity)
        {
            self.completed_roles.insert(role.identity.clone());
        }
        if let Some(parent) = self.frames.last_mut() {
            parent.index += 1;
        }
    }

    /// The current task is done.
    fn advance(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.index += 1;
        }
    }

    /// The current task gave way to what it included; the place moves on when that is done.
    fn enter(&mut self, content: Content) {
        self.frames.push(Frame::new(content));
    }

    /// The current task failed: to the nearest rescue, through the `always` sections on the way.
    fn fail(&mut self) -> AfterFailure {
        let outcome = if self.will_be_rescued() { AfterFailure::Rescued } else { AfterFailure::Failed };
        if outcome == AfterFailure::Failed {
            self.failed = true;
        }
        while let Some(frame) = self.frames.last_mut() {
            if frame.section == Section::Body && frame.has_rescue() {
                frame.enter(Section::Rescue);
                return outcome;
            }
            if frame.section != Section::Always && frame.has_always() {
                frame.failed = true;
                frame.enter(Section::Always);
                return outcome;
            }
            self.frames.pop();
        }
        outcome
    }

    /// Whether any block around the current task has a rescue that is not used up.
    fn will_be_rescued(&self) -> bool {
        self.frames.iter().any(|frame| frame.section == Section::Body && frame.has_rescue())
    }

    fn place(&self) -> Place {
        self.frames.iter().map(|frame| (frame.section as u8, frame.index)).collect()
    }

    /// Whether the current task stands in a rescue or always section, and so may see `ansible_failed_task`.
    pub fn is_in_role(&self, role_id: u64) -> bool {
        self.frames.iter().any(|frame| match &frame.content {
            Content::Block(block) | Content::Included(block, _) => {
                block.scope.role.as_ref().is_some_and(|role| role.id == role_id)
            }
            Content::Handlers(_) => false,
        })
    }

    /// Leaves every block of role `role_id` (`meta: end_role`).
    pub fn end_role(&mut self, role_id: u64) {
        while self.is_in_role(role_id) {
            self.leave_frame();
        }
    }
}

/// Whether both were written at the same place of the same role.
fn is_same_handler(one: &Task, other: &Task) -> bool {
    let path = |task: &Task| task.role().map(|role| role.path.clone());
    let place = |task: &Task| (task.origin.path().to_owned(), task.origin.line, task.origin.column);
    one.id == other.id || (one.role().is_some() && path(one) == path(other) && place(one) == place(other))
}

/// The role a block stands for as a whole.
fn role_of(block: &Block) -> Option<&Arc<Role>> {
    if block.scope.kind == ScopeKind::Role { block.scope.role() } else { None }
}

/// A role that a host has been through runs again only when it allows duplicates.
fn runs_again(block: &Block, completed: &HashSet<String>) -> bool {
    role_of(block).is_none_or(|role| role.allow_duplicates || !completed.contains(&role.identity))
}

/// All hosts of a batch and their places.
pub struct PlayIterator {
    hosts: IndexMap<String, HostState>,
    handlers: Arc<Vec<Arc<Task>>>,
}

/// A task and the hosts that are to do it now.
pub struct Step {
    pub task: Arc<Task>,
    pub hosts: Vec<String>,
}

impl PlayIterator {
    /// Every host starts at the first node of `root`.
    pub fn new(hosts: &[String], root: &Arc<Block>, handlers: Vec<Arc<Task>>) -> Self {
        let start = HostState { frames: vec![Frame::new(Content::Block(Arc::clone(root)))], ..HostState::default() };
        Self { hosts: hosts.iter().map(|host| (host.clone(), start.clone())).collect(), handlers: Arc::new(handlers) }
    }

    pub fn host(&self, host: &str) -> Option<&HostState> {
        self.hosts.get(host)
    }

    pub fn host_mut(&mut self, host: &str) -> Option<&mut HostState> {
        self.hosts.get_mut(host)
    }

    pub fn hosts(&self) -> impl Iterator<Item = (&String, &HostState)> {
        self.hosts.iter()
    }

    pub fn handlers(&self) -> &[Arc<Task>] {
        &self.handlers
    }

    /// Handlers that came with an included role. Those of a role that was included before take the place of the
    /// earlier ones, notifications and all.
    pub fn add_handlers(&mut self, handlers: Vec<Arc<Task>>) {
        let all = Arc::make_mut(&mut self.handlers);
        let mut replaced = Vec::new();
        for handler in handlers {
            if let Some(at) = all.iter().position(|known| is_same_handler(known, &handler)) {
                replaced.push((all.remove(at).id, handler.id));
            }
            all.push(handler);
        }
        for state in self.hosts.values_mut() {
            for (old, new) in &replaced {
                if state.notified.shift_remove(old) {
                    state.notified.insert(*new);
                }
            }
        }
    }

    /// The handler begins: whoever notifies it from now on asks for another run.
    pub fn take_notification(&mut self, host: &str, handler: u64) {
        if let Some(state) = self.hosts.get_mut(host) {
            state.notified.shift_remove(&handler);
        }
    }

    /// The host has done or failed a task of the role.
    pub fn note_role(&mut self, host: &str, role: &Arc<Role>) {
        if let Some(state) = self.hosts.get_mut(host)
            && !state.begun_roles.contains(&role.identity)
        {
            state.begun_roles.insert(role.identity.clone());
        }
    }

    /// `meta: clear_host_errors`: failures on their way through `always` sections are forgotten.
    pub fn clear_errors(&mut self) {
        for state in self.hosts.values_mut() {
            state.failed = false;
            if std::mem::take(&mut state.unreachable) {
                // The task that could not reach the host is behind it.
                state.advance();
            }
            state.frames.iter_mut().for_each(|frame| frame.failed = false);
        }
    }

    /// The next task of one host, whatever the others do.
    pub fn peek(&mut self, host: &str, is_selected: &dyn Fn(&str, &Task) -> bool) -> Option<Arc<Task>> {
        self.hosts.get_mut(host)?.peek(&|task| is_selected(host, task))
    }

    /// The earliest task any host is waiting for, and every host that waits for that one.
    pub fn next_in_lockstep(&mut self, is_selected: &dyn Fn(&str, &Task) -> bool) -> Option<Step> {
        let mut best: Option<(Place, Arc<Task>)> = None;
        let mut waiting = Vec::new();
        for (name, state) in &mut self.hosts {
            let Some(task) = state.peek(&|task| is_selected(name, task)) else { continue };
            let place = state.place();
            match &best {
                Some((first, first_task)) if place == *first && task.id == first_task.id => waiting.push(name.clone()),
                Some((first, _)) if place >= *first => {}
                _ => {
                    best = Some((place, task));
                    waiting = vec![name.clone()];
                }
            }
        }
        best.map(|(_, task)| Step { task, hosts: waiting })
    }

    pub fn advance(&mut self, host: &str) {
        if let Some(state) = self.hosts.get_mut(host) {
            state.advance();
        }
    }

    /// Puts the nodes `own` of the included `block` in the place of the host's current task.
    pub fn enter_block(&mut self, host: &str, block: &Arc<Block>, own: Vec<usize>) {
        if let Some(state) = self.hosts.get_mut(host) {
            state.enter(Content::Included(Arc::clone(block), own));
        }
    }

    /// Puts the host's notified handlers in the place of its current task.
    pub fn enter_handlers(&mut self, host: &str) {
        let handlers = Arc::clone(&self.handlers);
        if let Some(state) = self.hosts.get_mut(host) {
            state.enter(Content::Handlers(handlers));
        }
    }

    /// Whether the host is in a rescue or always section.
    pub fn is_recovering(&self, host: &str) -> bool {
        self.hosts.get(host).is_some_and(|state| state.frames.iter().any(|frame| frame.section != Section::Body))
    }

    pub fn fail(&mut self, host: &str) -> AfterFailure {
        self.hosts.get_mut(host).map_or(AfterFailure::Failed, HostState::fail)
    }

    pub fn mark_unreachable(&mut self, host: &str) {
        if let Some(state) = self.hosts.get_mut(host) {
            state.unreachable = true;
        }
    }

    /// No more tasks for this host (`end_host`, `end_play`, `end_batch`).
    pub fn end(&mut self, host: &str) {
        if let Some(state) = self.hosts.get_mut(host) {
            state.ended = true;
            state.frames.clear();
        }
    }

    /// Whether `meta` ended the play for this host.
    pub fn has_ended(&self, host: &str) -> bool {
        self.hosts.get(host).is_some_and(|state| state.ended)
    }

    /// Keeps a notification until the host's handlers run; `false` while they do: then it is to be acted on at once.
    pub fn request(&mut self, host: &str, notification: &str) -> bool {
        let Some(state) = self.hosts.get_mut(host) else { return true };
        if state.frames.iter().any(|frame| matches!(frame.content, Content::Handlers(_))) {
            return false;
        }
        state.requested.insert(notification.to_owned());
        true
    }

    pub fn take_requests(&mut self, host: &str) -> IndexSet<String> {
        self.hosts.get_mut(host).map(|state| std::mem::take(&mut state.requested)).unwrap_or_default()
    }

    pub fn notify(&mut self, host: &str, handler: u64) -> bool {
        self.hosts.get_mut(host).is_some_and(|state| state.notified.insert(handler))
    }

    pub fn has_notified(&self, host: &str) -> bool {
        self.hosts.get(host).is_some_and(|state| !state.notified.is_empty() || !state.requested.is_empty())
    }

    pub fn failed_hosts(&self) -> usize {
        self.hosts.values().filter(|state| state.failed).count()
    }

    /// Neither failed nor unreachable.
    pub fn remaining_hosts(&self) -> Vec<String> {
        let left = self.hosts.iter().filter(|(_, state)| !state.failed && !state.unreachable);
        left.map(|(name, _)| name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use kapell_parsing::{Origin, SourceFile, Value};
    use kapell_playbook::Scope;

    use super::*;

    fn task(name: &str) -> Node {
        let scope = Scope::new(ScopeKind::Task, None, ".");
        Node::Task(Arc::new(Task {
            id: scope.id,
            scope: Arc::new(scope),
            name: Some(name.into()),
            action: "debug".into(),
            args: Value::Null,
            free_form: None,
            origin: Origin::new(SourceFile::new("play.yml", ""), 1, 1),
            is_handler: false,
            listen: Vec::new(),
            delegate_local: false,
            implicit: false,
        }))
    }

    fn block(body: Vec<Node>, rescue: Vec<Node>, always: Vec<Node>) -> Arc<Block> {
        Arc::new(Block { scope: Arc::new(Scope::new(ScopeKind::Block, None, ".")), name: None, body, rescue, always })
    }

    fn everything(_: &str, _: &Task) -> bool {
        true
    }

    fn name(task: &Task) -> String {
        task.name.as_ref().map(ToString::to_string).unwrap_or_default()
    }

    /// Names of the tasks `host` does until it has none left; those in `failing` fail.
    fn run(iterator: &mut PlayIterator, host: &str, failing: &[&str]) -> Vec<String> {
        let mut done = Vec::new();
        while let Some(task) = iterator.peek(host, &everything) {
            let name = name(&task);
            if failing.contains(&name.as_str()) {
                iterator.fail(host);
            } else {
                iterator.advance(host);
            }
            done.push(name);
        }
        done
    }

    fn guarded() -> Arc<Block> {
        let inner = block(vec![task("a"), task("b")], vec![task("r")], vec![task("z")]);
        block(vec![Node::Block(inner), task("after")], Vec::new(), Vec::new())
    }

    #[test]
    fn a_failure_goes_to_rescue_then_always_then_on() {
        let hosts = vec!["h".to_owned()];
        let mut iterator = PlayIterator::new(&hosts, &guarded(), Vec::new());
        assert_eq!(run(&mut iterator, "h", &["a"]), ["a", "r", "z", "after"]);
        assert!(!iterator.hosts["h"].failed);
    }

    #[test]
    fn a_failed_rescue_runs_always_and_leaves_the_play() {
        let hosts = vec!["h".to_owned()];
        let mut iterator = PlayIterator::new(&hosts, &guarded(), Vec::new());
        assert_eq!(run(&mut iterator, "h", &["a", "r"]), ["a", "r", "z"]);
        assert!(iterator.hosts["h"].failed);
    }

    #[test]
    fn hosts_wait_for_each_other_in_the_order_the_play_is_written() {
        let hosts = vec!["bad".to_owned(), "good".to_owned()];
        let mut iterator = PlayIterator::new(&hosts, &guarded(), Vec::new());
        let mut steps = Vec::new();
        while let Some(step) = iterator.next_in_lockstep(&everything) {
            let name = name(&step.task);
            for host in &step.hosts {
                if host == "bad" && name == "a" {
                    iterator.fail(host);
                } else {
                    iterator.advance(host);
                }
            }
            steps.push(format!("{name}:{}", step.hosts.join("+")));
        }
        assert_eq!(steps, ["a:bad+good", "b:good", "r:bad", "z:bad+good", "after:bad+good"]);
    }

    #[test]
    fn an_included_block_runs_in_the_place_of_its_include() {
        let hosts = vec!["h".to_owned()];
        let root = block(vec![task("include"), task("after")], Vec::new(), Vec::new());
        let mut iterator = PlayIterator::new(&hosts, &root, Vec::new());
        assert!(iterator.peek("h", &everything).is_some());
        let included = block(vec![task("one"), task("other host's"), task("two")], Vec::new(), Vec::new());
        iterator.enter_block("h", &included, vec![0, 2]);
        assert_eq!(run(&mut iterator, "h", &[]), ["one", "two", "after"]);
    }

    #[test]
    fn only_notified_handlers_run_and_only_once() {
        let hosts = vec!["h".to_owned()];
        let root = block(vec![task("flush"), task("flush again")], Vec::new(), Vec::new());
        let handlers: Vec<Arc<Task>> = ["first", "second"]
            .iter()
            .filter_map(|name| match task(name) {
                Node::Task(task) => Some(task),
                Node::Block(_) => None,
            })
            .collect();
        let second = handlers[1].id;
        let mut iterator = PlayIterator::new(&hosts, &root, handlers);
        iterator.notify("h", second);
        assert!(iterator.peek("h", &everything).is_some());
        iterator.enter_handlers("h");
        assert_eq!(iterator.peek("h", &everything).map(|task| name(&task)), Some("second".to_owned()));
        iterator.take_notification("h", second);
        iterator.advance("h");
        assert_eq!(run(&mut iterator, "h", &[]), ["flush again"]);
        assert!(!iterator.has_notified("h"));
    }
}
