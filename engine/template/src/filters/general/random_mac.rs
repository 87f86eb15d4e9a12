//! `random_mac`: the rest of a hardware address, the same for the same seed (behaviour measured on community.general 11).

use crate::evaluate::{Fault, FilterCall};
use crate::object::Object;
use crate::python::random::Random;

/// Python's `randint` bounds the collection uses: ten digits, the first not zero.
const LOW: u64 = 0x10_0000_0000;
const HIGH: u64 = 0xff_ffff_ffff;

pub(super) fn random_mac(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let Some(prefix) = call.input.as_str() else {
        let (kind, shown) = (call.input.type_name(), crate::python::repr(call.rendering, &call.input)?);
        return Err(Fault::error(format!("Invalid value type (<class '{kind}'>) for random_mac ({shown})")));
    };
    let invalid = |why: &str| Fault::error(format!("Invalid value ({prefix}) for random_mac: {why}"));
    let lower = prefix.to_lowercase();
    let parts: Vec<&str> = lower.split(':').collect();
    if parts.len() > 5 {
        return Err(invalid("5 colon(:) separated items max"));
    }
    for part in &parts {
        if part.len() != 2 || !part.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(invalid(&format!("{part} not hexa byte")));
        }
    }
    let mut random = match call.args.some(0) {
        Some(seed) => Random::from_text(&crate::python::str(call.rendering, seed)?),
        None => Random::from_system(),
    };
    let digits = format!("{:x}", LOW + random.below(HIGH - LOW + 1));
    let rest = (0..6 - parts.len()).filter_map(|at| digits.get(at * 2..at * 2 + 2));
    let all: Vec<&str> = parts.iter().copied().chain(rest).collect();
    Ok(all.join(":").into())
}
