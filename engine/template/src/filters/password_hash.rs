//! `password_hash`: crypt(3) hashes.

use crate::evaluate::{Fault, FilterCall};
use crate::object::Object;
use crate::password;

/// Bytes; a longer one takes its length's square.
const LONGEST_SECRET: usize = 4096;

pub(super) fn password_hash(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let scheme = call.args.text_or(0, "sha512");
    let options = password::Options {
        salt: call.args.text(1),
        salt_size: call.args.int(2).map_err(|_| Fault::error("salt_size must be an integer"))?,
        rounds: call.args.some(3).map(rounds).transpose()?,
        ident: call.args.text(4),
    };
    password::check_scheme(&scheme).map_err(Fault::error)?;
    let Object::Str(secret) = &call.input else {
        let kind = call.input.type_name();
        return Err(Fault::error(format!("secret must be unicode or bytes, not {kind}")));
    };
    if secret.len() > LONGEST_SECRET {
        return Err(Fault::error("Could not hash the secret: password exceeds maximum allowed size"));
    }
    call.rendering.spend(password::work(&scheme, &options).saturating_mul(1 + secret.len() / 128))?;
    password::hash(secret, &scheme, &options).map(Object::from).map_err(Fault::error)
}

/// A number, or text that Python's `int()` would read.
fn rounds(given: &Object) -> Result<u32, Fault> {
    let number = match given {
        Object::Str(text) => text.trim().parse().map_err(|_| {
            let shown = kapell_parsing::value::str_repr(text);
            Fault::error(format!("Could not hash the secret: invalid literal for int() with base 10: {shown}"))
        }),
        other => crate::evaluate::integer(other),
    };
    Ok(u32::try_from(number?.max(0)).unwrap_or(u32::MAX))
}
