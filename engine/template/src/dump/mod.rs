//! Values as text other programs read: JSON as Python's `json.dumps`, YAML as PyYAML with libyaml writes it.

pub(crate) mod json;
pub(crate) mod json_read;
pub(crate) mod yaml;
mod yaml_scalar;
mod yaml_writer;
