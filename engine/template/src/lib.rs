//! Jinja templates: source values and variables in, native values out. Nothing here talks to hosts or prints.

pub mod error;
pub mod options;
pub mod templar;
pub mod variables;

pub use error::TemplateError;
pub use options::{RenderContext, TemplarOptions, TextOptions};
pub use templar::{Templar, is_omit, omit};
pub use variables::{Variable, VariableSource};
