//! Content looked at as a whole, without a connection: what is wrong for certain, what may be wrong.

pub(crate) mod arguments;
pub(crate) mod content;
pub(crate) mod finding;
pub(crate) mod known_names;
pub(crate) mod playbooks;
pub(crate) mod report;
pub(crate) mod tasks;
