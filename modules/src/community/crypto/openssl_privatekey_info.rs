//! `community.crypto.openssl_privatekey_info`: what a private key is.

use serde_json::{Value, json};

use super::asked;
use super::der::{Element, INTEGER, OCTET_STRING};
use super::private_key::{PrivateKey, openssl, succeeded};
use super::public_key::{KeyKind, number};
use crate::{Arg, Args, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.crypto.openssl_privatekey_info", ARGS, run).constraints(asked::ONE_OF_BOTH);

const ARGS: &[Arg] = &[
    Arg::path("path"),
    Arg::str("content").no_log(),
    Arg::str("passphrase").no_log(),
    Arg::bool("return_private_key_data").default("false"),
    Arg::bool("check_consistency").default("false"),
    Arg::str("select_crypto_backend").default("auto").choices(&["auto", "cryptography"]),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let text = asked::bytes(args, "private key").map_err(|error| unfinished(error, false))?;
    let key = PrivateKey::read(&text, args.opt_str("passphrase"), cx);
    let key = key.map_err(|problem| unfinished(problem.into(), true))?;
    let consistent = if args.bool("check_consistency") { is_consistent(&key, cx)? } else { None };
    let mut result = ModuleResult::ok()
        .set("can_load_key", true)
        .set("can_parse_key", true)
        .set("key_is_consistent", json!(consistent))
        .set("public_key", key.public.pem())
        .set("public_key_fingerprints", key.public.fingerprints())
        .set("type", key.public.type_name())
        .set("public_data", key.public.data());
    if args.bool("return_private_key_data") {
        result = result.set("private_data", private_data(&key, cx)?);
    }
    if consistent == Some(false) {
        return Err(ModuleError::with_result("Private key is not consistent!", result));
    }
    Ok(result)
}

/// The failure, with how far it went.
fn unfinished(error: ModuleError, loaded: bool) -> ModuleError {
    error.with("can_load_key", loaded).with("can_parse_key", false).with("key_is_consistent", Value::Null)
}

/// Whether the halves of a key belong together; `None` when the node's OpenSSL cannot say.
fn is_consistent(key: &PrivateKey, cx: &mut Context<'_>) -> Result<Option<bool>, ModuleError> {
    let command = key.given_to(openssl(cx)?.args(["pkey", "-check", "-noout"]));
    let output = cx.run_read(&command)?;
    let said = output.stdout() + &output.stderr();
    // Before OpenSSL 3, it knows how for some kinds of keys only.
    Ok(if said.contains("not supported") { None } else { Some(said.contains("Key is valid")) })
}

/// The numbers only the owner knows.
fn private_data(key: &PrivateKey, cx: &mut Context<'_>) -> Result<Map, ModuleError> {
    let command = key.given_to(openssl(cx)?.args(["pkcs8", "-topk8", "-nocrypt", "-outform", "DER"]));
    let pkcs8 = succeeded(&command, cx.run_read(&command)?)?.stdout;
    private_numbers(&key.public.kind, &pkcs8).ok_or_else(|| ModuleError::failed("Cannot parse private key"))
}

fn private_numbers(kind: &KeyKind, pkcs8: &[u8]) -> Option<Map> {
    let inner = Element::parse(pkcs8)?.children()?.get(2)?.tagged(OCTET_STRING)?.inner()?;
    let of = |element: Element<'_>| Some(number(element.content));
    let found = match kind {
        KeyKind::Rsa { .. } => {
            // Version, modulus and public exponent come first.
            let [_, _, _, exponent, p, q, ..] = inner.children()?[..] else { return None };
            vec![("p", of(p)?), ("q", of(q)?), ("exponent", of(exponent)?)]
        }
        KeyKind::Dsa { .. } => vec![("x", of(inner.tagged(INTEGER)?)?)],
        KeyKind::Ec { .. } => vec![("multiplier", of(*inner.children()?.get(1)?)?)],
        KeyKind::Edwards(_) => Vec::new(),
    };
    Some(found.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

#[cfg(test)]
mod tests {
    use super::super::public_key::Curve;
    use super::*;
    use crate::community::crypto::der::{element, oid, sequence, unsigned};

    #[test]
    fn each_kind_has_numbers_of_its_own() {
        let pkcs8 = |inner: Vec<u8>| {
            sequence(&[unsigned(&[0]), sequence(&[oid("1.2.3").unwrap()]), element(OCTET_STRING, &inner)])
        };
        let numbers = |kind: &KeyKind, inner: Vec<u8>| Value::Object(private_numbers(kind, &pkcs8(inner)).unwrap());
        let rsa = KeyKind::Rsa { modulus: vec![33], exponent: vec![3] };
        let inner = sequence(&[0, 33, 3, 7, 11, 5, 1, 1, 1].map(|byte| unsigned(&[byte])));
        assert_eq!(numbers(&rsa, inner), json!({ "p": 11, "q": 5, "exponent": 7 }));
        let dsa = KeyKind::Dsa { p: vec![], q: vec![], g: vec![], y: vec![] };
        assert_eq!(numbers(&dsa, unsigned(&[9])), json!({ "x": 9 }));
        let ec = KeyKind::Ec { curve: Curve::named("secp256r1").unwrap() };
        let inner = sequence(&[unsigned(&[1]), element(OCTET_STRING, &[1, 0])]);
        assert_eq!(numbers(&ec, inner), json!({ "multiplier": 256 }));
    }
}
