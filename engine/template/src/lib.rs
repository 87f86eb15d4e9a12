//! Jinja templates: source values and variables in, native values out. Nothing here talks to hosts or prints.
//!
//! minijinja reads the syntax; the evaluator works on Python-like objects of our own, so that types, errors and
//! laziness are Ansible's. Values are templated when they are looked at, with the variables they came from.

mod collection_runtime;
mod condition;
mod containers;
mod dates;
mod dump;
mod evaluate;
mod filters;
mod globals;
mod header;
mod jinja_tests;
mod lookups;
mod mentions;
mod methods;
mod native_plugins;
mod object;
mod operators;
mod password;
mod programs;
mod python;
mod scope;
mod sidecar;
mod syntax;

pub mod error;
pub mod file_owner;
pub mod options;
pub mod surroundings;
pub mod templar;
pub mod variables;

pub use collection_runtime::{ANSIBLE_VERSION, CollectionRuntime, Route};
pub use dump::{json_text, wide_yaml_blocks, yaml_blocks, yaml_text};
pub use error::TemplateError;
pub use mentions::{Mention, Mentions, TemplateKind};
pub use native_plugins::NativePlugins;
pub use options::{RenderContext, TemplarOptions, TextOptions};
pub use python::encode;
pub use sidecar::{ModuleUtils, PluginFrames, PluginPaths};
pub use surroundings::{
    FetchError, PluginAnswer, PluginOptionValue, ServiceAnswer, ServiceLookup, ServiceQuestion, Surroundings,
    UrlAnswer, UrlRequest,
};
pub use templar::{Templar, is_omit, omit};
pub use variables::{Variable, VariableSource};
