//! XPath 1.0: expressions read once, evaluated on documents.

mod evaluate;
mod functions;
mod syntax;

pub(super) use evaluate::{Evaluation, Found, Value};
pub(super) use syntax::parse;

/// What an expression cannot do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum XpathError {
    #[error("Invalid expression")]
    Syntax,
    #[error("Undefined namespace prefix")]
    Prefix,
    #[error("Unregistered function")]
    Function,
    #[error("Invalid number of arguments")]
    Arguments,
    #[error("Invalid type")]
    Type,
    #[error("the expression needs too many steps")]
    Effort,
}
