//! `Fault`: why an evaluation stopped, before it has its place and final wording.

use std::sync::Arc;

use kapell_parsing::Origin;

use crate::TemplateError;
use crate::object::{Missing, Object};

#[derive(Debug)]
pub(crate) enum Fault {
    /// Something undefined was used.
    Undefined(Arc<Missing>),
    /// What Python's exception says.
    Error(String),
    /// A message that names its plugin already.
    Worded(String),
    /// From a template further in: placed and worded.
    Template(Box<TemplateError>),
}

impl Fault {
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self::Error(message.into())
    }

    pub(crate) fn undefined(reason: impl Into<String>) -> Self {
        Self::Undefined(Arc::new(Missing { reason: reason.into(), ..Missing::default() }))
    }

    /// As a plugin's failure: `The filter plugin 'x' failed: …`.
    #[must_use]
    pub(crate) fn in_plugin(self, kind: &str, name: &str) -> Self {
        match self {
            Self::Error(message) => Self::Worded(format!("The {kind} plugin '{name}' failed: {message}")),
            other => other,
        }
    }

    /// What stands for a result that failed at `place`: the failure is told when it is used. Whatever cannot even be
    /// read fails at once.
    pub(crate) fn stand_in(self, place: Option<&Origin>) -> Result<Object, Self> {
        match self {
            Self::Undefined(missing) => Ok(Object::Undefined(missing)),
            fault => match fault.at(place) {
                unreadable @ TemplateError::Syntax { .. } => Err(unreadable.into()),
                TemplateError::Undefined { message, origin } => Ok(Object::undefined_at(message, origin)),
                failed @ TemplateError::Failed { .. } => Ok(Object::failed(failed)),
            },
        }
    }

    /// With the place of the template that failed, unless it knows a place further in.
    pub(crate) fn at(self, origin: Option<&Origin>) -> TemplateError {
        let place = || origin.cloned();
        match self {
            Self::Undefined(missing) => {
                if let Some(error) = &missing.failed {
                    return Self::Template(error.clone()).at(origin);
                }
                let (message, origin) = (missing.reason.clone(), missing.origin.clone().or_else(place));
                match missing.unusable {
                    true => TemplateError::Failed { message, origin },
                    false => TemplateError::Undefined { message, origin },
                }
            }
            Self::Error(message) => {
                TemplateError::Failed { message: format!("Error rendering template: {message}"), origin: place() }
            }
            Self::Worded(message) => TemplateError::Failed { message, origin: place() },
            Self::Template(error) => match *error {
                TemplateError::Undefined { message, origin: None } => {
                    TemplateError::Undefined { message, origin: place() }
                }
                TemplateError::Failed { message, origin: None } => TemplateError::Failed { message, origin: place() },
                TemplateError::Syntax { message, origin: None } => TemplateError::Syntax { message, origin: place() },
                placed => placed,
            },
        }
    }
}

impl From<TemplateError> for Fault {
    fn from(error: TemplateError) -> Self {
        Self::Template(Box::new(error))
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Error(error.to_string())
    }
}

/// The object, unless it is undefined: using that is the error it carries.
pub(crate) fn defined(object: Object) -> Result<Object, Fault> {
    match object {
        Object::Undefined(missing) => Err(Fault::Undefined(missing)),
        Object::Blank => Err(blank()),
        other => Ok(other),
    }
}

/// Fails when one of them is undefined.
pub(crate) fn all_defined<'o>(mut objects: impl Iterator<Item = &'o Object>) -> Result<(), Fault> {
    objects.try_for_each(|object| match object {
        Object::Undefined(missing) => Err(Fault::Undefined(missing.clone())),
        _ => Ok(()),
    })
}

pub(crate) fn blank() -> Fault {
    Fault::undefined("the inline if-expression evaluated to false and no else section was defined.")
}
