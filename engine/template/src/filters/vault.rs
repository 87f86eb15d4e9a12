//! `vault` and `unvault`: single values in Ansible's vault format.

use kapell_parsing::{Text, VaultSecrets, vault as envelope};

use crate::evaluate::{Fault, FilterCall, mark_secret};
use crate::object::Object;

const DEFAULT_ID: &str = "filter_default";

fn secret<'c>(call: &'c FilterCall<'_>) -> Result<&'c str, Fault> {
    let secret = call.args.get(0).unwrap_or(&Object::Null);
    secret.as_str().ok_or_else(|| {
        let kind = secret.type_name();
        Fault::error(format!("Secret passed is required to be a string, instead we got <class '{kind}'>."))
    })
}

pub(super) fn vault(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let secret = secret(call)?;
    let Object::Str(plain) = &call.input else {
        let kind = call.input.type_name();
        return Err(Fault::error(format!("Can only vault strings, instead we got <class '{kind}'>.")));
    };
    let id = call.args.text(2).or_else(|| call.args.text(4)).unwrap_or_else(|| DEFAULT_ID.into());
    let sealed = match call.args.text(1) {
        Some(salt) => envelope::encrypt_with_salt(plain.as_bytes(), Some(&id), secret.as_bytes(), salt.as_bytes()),
        None => envelope::encrypt(plain.as_bytes(), Some(&id), secret.as_bytes()),
    };
    if call.args.truthy(3, false) {
        return Ok(mark_secret(plain.clone().into()));
    }
    Ok(String::from_utf8_lossy(&sealed).into_owned().into())
}

pub(super) fn unvault(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text = match &call.input {
        Object::Undefined(missing) => match &missing.sealed {
            Some(sealed) => sealed.to_string(),
            None => return Ok(call.input.clone()),
        },
        _ => call.text()?,
    };
    if let Some(undefined @ Object::Undefined(_)) = call.args.get(0) {
        return Ok(undefined.clone());
    }
    let secret = secret(call)?;
    if !envelope::is_encrypted(text.as_bytes()) {
        return Ok(call.input.clone());
    }
    let id = call.args.text(1).or_else(|| call.args.text(2)).unwrap_or_else(|| DEFAULT_ID.into());
    let mut secrets = VaultSecrets::default();
    secrets.push(&id, secret.as_bytes().to_vec());
    let plain = envelope::decrypt(text.as_bytes(), &secrets)
        .map_err(|error| Fault::error(format!("Unable to decrypt: {error}")))?;
    let plain = Text::new(String::from_utf8_lossy(&plain)).with_secret(true);
    call.rendering.templar.options().vault.opened().note(&plain);
    Ok(Object::Str(plain))
}
