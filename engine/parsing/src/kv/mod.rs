//! `k=v` strings: `a=b c='d e'` as Ansible splits them. Quotes, template blocks and line continuations hold words together.

mod escapes;
mod words;

use crate::{Diagnostic, Key, Map, Text, Value};
use words::Word;

/// What a `k=v` string holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyValues {
    pub pairs: Map,
    /// The words without a `=`, in order.
    pub rest: Vec<Text>,
}

/// Splits `text`. Pairs and words keep its trust, secrecy and origin; of a key that is there twice the last counts.
pub fn parse(text: &Text) -> Result<KeyValues, Diagnostic> {
    let (pairs, rest) = sort(text, |_| true)?;
    let words = rest.iter().filter(|word| !word.text.is_empty());
    Ok(KeyValues { pairs, rest: words.map(|word| like(text, &word.text)).collect() })
}

/// For `command`, `shell`, `script` and `raw`: only the options named in `options` are taken as pairs; the rest,
/// with its quotes and white space, is the command line.
pub fn parse_free_form(text: &Text, options: &[&str]) -> Result<(Map, Text), Diagnostic> {
    let (pairs, rest) = sort(text, |key| options.contains(&key))?;
    Ok((pairs, like(text, &words::join(&rest))))
}

/// Pairs with a key that is `wanted`, and all other words.
fn sort(text: &Text, wanted: impl Fn(&str) -> bool) -> Result<(Map, Vec<Word>), Diagnostic> {
    let words = words::split(text).map_err(|unclosed| unclosed.diagnostic(text))?;
    let mut pairs = Map::new();
    let mut rest = Vec::new();
    for mut word in words {
        let decoded = escapes::decode(&word.text);
        match equals_sign(&decoded).map(|place| (&decoded[..place], &decoded[place + 1..])) {
            Some((key, value)) if wanted(key) => {
                pairs.insert(Key::Str(like(text, key.trim())), Value::Str(like(text, unquote(value.trim()))));
            }
            Some(_) => rest.push(word),
            None => {
                if decoded.contains('=') {
                    word.text = decoded.replace("\\=", "=");
                }
                rest.push(word);
            }
        }
    }
    Ok((pairs, rest))
}

/// The first `=` that neither starts the word nor follows a backslash.
fn equals_sign(word: &str) -> Option<usize> {
    let mut places = word.match_indices('=').map(|(place, _)| place);
    places.find(|place| *place > 0 && !word[..*place].ends_with('\\'))
}

/// Without the pair of quotes around all of it.
fn unquote(text: &str) -> &str {
    let quoted = |quote| text.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    quoted('"').or_else(|| quoted('\'')).filter(|inner| !inner.ends_with('\\')).unwrap_or(text)
}

fn like(text: &Text, part: &str) -> Text {
    Text::trusted(part, text.origin().cloned()).with_trust(text.trust()).with_secret(text.is_secret())
}

#[cfg(test)]
mod tests;
