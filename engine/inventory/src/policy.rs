//! `Policy`: the settings that still matter once the inventory is loaded.

/// What to do when a host pattern names nothing (`host_pattern_mismatch`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mismatch {
    #[default]
    Warn,
    Fail,
    Ignore,
}

/// What to do with characters in group names that no variable name may have (`transform_invalid_group_chars`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum GroupCharacters {
    /// Keep them, warn.
    #[default]
    Never,
    /// Keep them, say nothing.
    Ignore,
    /// Replace them with `_`, warn.
    Always,
    /// Replace them, say nothing.
    Silently,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    pub mismatch: Mismatch,
    pub group_characters: GroupCharacters,
    /// `hash_behaviour = merge`: maps given twice for one host or group are merged.
    pub merge_maps: bool,
}
