//! `strftime` and `to_datetime`.

use crate::dates::{self, DateTime};
use crate::evaluate::{Fault, FilterCall};
use crate::object::Object;
use crate::python;

/// The input is the format; the argument, seconds since the epoch.
pub(super) fn strftime(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let utc = call.args.truthy(1, false);
    let date = match call.args.some(0) {
        None => dates::now(utc),
        Some(second) => {
            let shown = python::str(call.rendering, second)?;
            let invalid = || Fault::error(format!("Invalid value for epoch value ({shown})"));
            let seconds = python::parse_float(&shown).ok_or_else(invalid)?;
            DateTime::from_epoch(seconds, utc).ok_or_else(invalid)?
        }
    };
    Ok(dates::strftime(
        &dates::with_local_offset(date, utc),
        call.only_text(|kind| format!("strftime() argument 1 must be str, not {kind}"))?,
    )
    .into())
}

pub(super) fn to_datetime(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let Object::Str(text) = &call.input else {
        if call.input.native_as::<DateTime>().is_some() {
            return Ok(call.input.clone());
        }
        let kind = call.input.type_name();
        return Err(Fault::error(format!("strptime() argument 1 must be str, not {kind}")));
    };
    let format = call.args.text_or(0, "%Y-%m-%d %H:%M:%S");
    DateTime::parse(text, &format).map(Object::native).ok_or_else(|| {
        let (text, format) = (kapell_parsing::value::str_repr(text), kapell_parsing::value::str_repr(&format));
        Fault::error(format!("time data {text} does not match format {format}"))
    })
}
