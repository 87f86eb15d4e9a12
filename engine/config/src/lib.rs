//! Settings of a run: `ansible.cfg`, then `ANSIBLE_*` and `KAPELL_*` of the environment. Flags of the command line come on top.

pub mod choices;
pub mod config_file;
pub mod environment;
pub mod ini;
mod known;
pub mod misplaced;
mod paths;
mod plugin_option;
mod plugin_options;
mod setting;
mod setting_value;
pub mod settings;
mod sources;

pub use choices::{DuplicateKeys, Gathering, GroupNames, HashBehaviour, PatternMismatch, ResultFormat, VarsRoot};
pub use environment::Environment;
pub use plugin_option::{FoundValue, IniEntries, PluginOption, Unset};
pub use settings::{OPTIONS, OptionRow, Settings, ValueOrigin};
