//! Values as text other programs read: JSON as Python's `json.dumps`, YAML as PyYAML with libyaml writes it.

pub(crate) mod json;
pub(crate) mod yaml;
mod yaml_scalar;
mod yaml_writer;

pub(crate) use yaml_writer::ScalarStyle;

/// One line of ASCII.
pub fn json_text(value: &kapell_parsing::Value) -> String {
    json::JsonStyle::default().dump(value)
}

/// Block style, keys sorted, shared collections written once and named elsewhere.
pub fn yaml_text(value: &kapell_parsing::Value) -> String {
    yaml::YamlStyle { flow: Some(false), aliases: true, ..yaml::YamlStyle::default() }.dump(value)
}

/// Block style with texts of several lines as blocks: how results are shown.
pub fn yaml_blocks(value: &kapell_parsing::Value, indent: usize) -> String {
    yaml::YamlStyle { indent, ..blocks() }.dump(value)
}

/// The same with lines as long as they are, nearly always.
pub fn wide_yaml_blocks(value: &kapell_parsing::Value) -> String {
    yaml::YamlStyle { width: 1000, ..blocks() }.dump(value)
}

fn blocks() -> yaml::YamlStyle {
    yaml::YamlStyle { flow: Some(false), literal: true, ..yaml::YamlStyle::default() }
}
