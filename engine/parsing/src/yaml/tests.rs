//! Loading as a whole: types, keys, tags, places, bounds.

use super::*;

pub(super) fn load_text(text: &str) -> Result<Value, Diagnostic> {
    let options = LoadOptions { trust: Trust::Trusted, vault: &VaultSecrets::default() };
    load(&SourceFile::new("test.yml", text), &options, &mut Vec::new())
}

#[test]
fn first() {
    assert_eq!(load_text("a: [1, yes, 0644, x]").unwrap().repr(), "{'a': [1, True, 420, 'x']}");
}
