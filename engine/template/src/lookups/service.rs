//! Lookups that ask a service outside, which the program around has in some builds only (`Surroundings::service_lookup`).

use kapell_parsing::Value;
use serde_json::Value as Json;

use super::LookupCall;
use crate::evaluate::{Fault, Rendering, defined};
use crate::object::Object;
use crate::python;
use crate::surroundings::{ServiceLookup, ServiceQuestion};

/// The lookup of this name, where this program has it.
pub(super) fn find(rendering: &Rendering<'_>, name: &str) -> Option<ServiceLookup> {
    rendering.templar.options().surroundings.as_ref()?.service_lookup(name)
}

pub(super) fn ask(call: &LookupCall<'_>, lookup: ServiceLookup) -> Result<Vec<Object>, Fault> {
    let json = |object: &Object| -> Result<Json, Fault> {
        python::to_value(call.rendering, &defined(object.clone())?).map(|value| value.to_json())
    };
    let terms = call.terms.iter().map(json).collect::<Result<_, _>>()?;
    let option = |(name, object): &(std::sync::Arc<str>, Object)| Ok::<_, Fault>((name.to_string(), json(object)?));
    let options = call.options.iter().map(option).collect::<Result<_, _>>()?;
    let answer = lookup(ServiceQuestion { terms, options }).map_err(Fault::error)?;
    if let Some(surroundings) = &call.rendering.templar.options().surroundings {
        answer.warnings.iter().for_each(|warning| surroundings.notice("warning", warning));
    }
    let object = |(value, is_secret): &(Json, bool)| match is_secret {
        true => secret_object(call, value),
        false => Object::finished(&Value::from_json(value)),
    };
    Ok(answer.values.iter().map(object).collect())
}

/// The value, which from now on nobody gets to see.
pub(super) fn secret_object(call: &LookupCall<'_>, value: &Json) -> Object {
    let value = Value::from_json(value);
    call.rendering.templar.options().vault.opened().note_all(&value);
    Object::finished(&value.with_secret())
}
