//! `ansible._protomatter.*`: what the engine knows of a value besides its characters.
#![expect(clippy::unnecessary_wraps, reason = "rows of one table have one signature")]

use kapell_parsing::Trust;

use crate::evaluate::{Fault, FilterCall};
use crate::object::Object;

/// The tags of a value, by the names Ansible has for them.
pub(crate) fn tags(object: &Object) -> Vec<&'static str> {
    let Some(text) = object.as_text() else { return Vec::new() };
    let tags = [
        ("Origin", text.origin().is_some()),
        ("TrustedAsTemplate", text.is_trusted()),
        ("VaultedValue", text.is_secret()),
    ];
    tags.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect()
}

pub(super) fn tag_names(call: &FilterCall<'_>) -> Result<Object, Fault> {
    Ok(Object::list(tags(&call.input).into_iter().map(Object::from).collect()))
}

/// Where it was written; `None` for what was made or found.
pub(super) fn origin(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let Some(origin) = call.input.as_text().and_then(|text| text.origin()) else { return Ok(Object::Null) };
    let path = origin.path().to_string_lossy();
    Ok(if path.starts_with('<') { path.into_owned().into() } else { origin.to_string().into() })
}

pub(super) fn true_type(call: &FilterCall<'_>) -> Result<Object, Fault> {
    Ok(match &call.input {
        tagged @ Object::Str(_) if !tags(tagged).is_empty() => "_AnsibleTaggedStr".into(),
        Object::List(_) => "_AnsibleLazyTemplateList".into(),
        Object::Dict(_) => "_AnsibleLazyTemplateDict".into(),
        other => other.type_name().into(),
    })
}

/// Makes text of the content a template; what a template is was decided where it was written.
pub(super) fn apply_trust(call: &FilterCall<'_>) -> Result<Object, Fault> {
    Ok(match &call.input {
        Object::Str(text) if !text.contains("{{") && !text.contains("{%") => {
            Object::Str(text.with_trust(Trust::Trusted))
        }
        other => other.clone(),
    })
}

/// There is nothing hidden behind a value here.
pub(super) fn unmask(call: &FilterCall<'_>) -> Result<Object, Fault> {
    Ok(call.input.clone())
}
