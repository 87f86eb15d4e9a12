//! `TemplateError`: why a template gave no value, worded as ansible-core 2.19 words it.

use kapell_parsing::Origin;

#[derive(Clone, Debug, thiserror::Error)]
pub enum TemplateError {
    /// A variable, attribute or item that is not there: `'foo' is undefined`.
    #[error("{message}")]
    Undefined { message: String, origin: Option<Origin> },
    /// The text is not a Jinja template or expression.
    #[error("{message}")]
    Syntax { message: String, origin: Option<Origin> },
    /// Evaluation failed: a filter's own error, a type error, a bound that was exceeded.
    #[error("{message}")]
    Failed { message: String, origin: Option<Origin> },
}

impl TemplateError {
    pub fn is_undefined(&self) -> bool {
        matches!(self, Self::Undefined { .. })
    }

    /// Where the failing template was written.
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Undefined { origin, .. } | Self::Syntax { origin, .. } | Self::Failed { origin, .. } => {
                origin.as_ref()
            }
        }
    }
}
