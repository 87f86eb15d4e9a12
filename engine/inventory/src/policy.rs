//! `Policy`: the settings that still matter once the inventory is loaded.

use kapell_config::{GroupNames, HashBehaviour, PatternMismatch, Settings};
use kapell_parsing::Diagnostic;

use crate::variables::{GROUP_LAYERS, GroupLayer};

#[derive(Clone, Debug)]
pub struct Policy {
    /// What to do when a host pattern names nothing.
    pub mismatch: PatternMismatch,
    /// What to do with characters in group names that no variable name may have.
    pub group_names: GroupNames,
    /// `hash_behaviour = merge`: maps given twice for one host or group are merged.
    pub merge_maps: bool,
    /// `precedence`: the kinds of group variables, the weakest first.
    pub(crate) group_layers: Vec<GroupLayer>,
}

impl From<&Settings> for Policy {
    fn from(settings: &Settings) -> Self {
        Self {
            mismatch: settings.host_pattern_mismatch,
            group_names: settings.transform_invalid_group_chars,
            merge_maps: settings.hash_behaviour == HashBehaviour::Merge,
            group_layers: settings.precedence.iter().filter_map(|name| layer(name)).collect(),
        }
    }
}

impl Policy {
    /// A warning for each entry of `precedence` that is none.
    pub(crate) fn unknown_layers(settings: &Settings) -> Vec<Diagnostic> {
        let unknown = settings.precedence.iter().filter(|name| layer(name).is_none());
        let warning = |name: &String| {
            let warning = Diagnostic::warning(format!("Ignoring unknown variable precedence entry: {name}"));
            warning.did_you_mean(name, GROUP_LAYERS.iter().map(|(known, _)| *known))
        };
        unknown.map(warning).collect()
    }
}

fn layer(name: &str) -> Option<GroupLayer> {
    GROUP_LAYERS.iter().find(|(known, _)| *known == name).map(|(_, layer)| *layer)
}

/// As Ansible is without any configuration.
impl Default for Policy {
    fn default() -> Self {
        Self::from(&Settings::default())
    }
}
