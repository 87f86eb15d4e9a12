//! `k=v` strings: `a=b c='d e'` as Ansible splits them. Quotes, template blocks and line continuations hold words together.

use crate::{Diagnostic, Map, Text};

/// What a `k=v` string holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyValues {
    pub pairs: Map,
    /// The words without a `=`, in order.
    pub rest: Vec<Text>,
}

/// Splits `text`. Pairs and words keep its trust and origin.
pub fn parse(text: &Text) -> Result<KeyValues, Diagnostic> {
    let _ = text;
    Ok(KeyValues::default())
}

/// For `command`, `shell`, `script` and `raw`: only the options named in `options` are taken as pairs; the rest,
/// verbatim, is the command line.
pub fn parse_free_form(text: &Text, options: &[&str]) -> Result<(Map, Text), Diagnostic> {
    let _ = options;
    Ok((Map::new(), text.clone()))
}
