//! `password_hash`: crypt(3) hashes.

use crate::evaluate::{Fault, FilterCall};
use crate::object::Object;
use crate::password;

pub(super) fn password_hash(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let scheme = call.args.text_or(0, "sha512");
    let options = password::Options {
        salt: call.args.text(1),
        salt_size: call.args.int(2)?.and_then(|size| usize::try_from(size).ok()),
        rounds: call.args.int(3)?.and_then(|rounds| u32::try_from(rounds).ok()),
        ident: call.args.text(4),
    };
    password::hash(&call.text()?, &scheme, &options).map(Object::from).map_err(Fault::error)
}
