//! `Block` and `Node`: the tree a list of tasks is.

use std::sync::Arc;

use kapell_parsing::Text;

use crate::{Scope, Task};

#[derive(Clone, Debug)]
pub enum Node {
    Task(Arc<Task>),
    Block(Arc<Block>),
}

impl Node {
    pub fn scope(&self) -> &Arc<Scope> {
        match self {
            Self::Task(task) => &task.scope,
            Self::Block(block) => &block.scope,
        }
    }
}

/// A written `block:`, or what a static import or a role stands for (then `scope.kind` is `Include` or `Role`, and
/// `rescue` and `always` are empty).
#[derive(Debug)]
pub struct Block {
    pub scope: Arc<Scope>,
    pub name: Option<Text>,
    pub body: Vec<Node>,
    pub rescue: Vec<Node>,
    pub always: Vec<Node>,
}

impl Block {
    /// Every task in the order it is written: body, rescue, always, nested blocks in place.
    pub fn tasks(&self) -> Vec<&Arc<Task>> {
        [&self.body, &self.rescue, &self.always].into_iter().flat_map(|nodes| tasks_of(nodes)).collect()
    }
}

/// Every task of `nodes`, nested blocks in place. Iterative: blocks may be nested hundreds deep.
pub fn tasks_of(nodes: &[Node]) -> Vec<&Arc<Task>> {
    let mut tasks = Vec::new();
    let mut rest: Vec<&Node> = nodes.iter().rev().collect();
    while let Some(node) = rest.pop() {
        match node {
            Node::Task(task) => tasks.push(task),
            Node::Block(block) => {
                for part in [&block.always, &block.rescue, &block.body] {
                    rest.extend(part.iter().rev());
                }
            }
        }
    }
    tasks
}
