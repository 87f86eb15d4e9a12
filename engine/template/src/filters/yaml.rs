//! `to_yaml`, `to_nice_yaml`, `from_yaml`, `from_yaml_all`.

use kapell_parsing::yaml::{LoadOptions, load, load_all};
use kapell_parsing::{Diagnostic, SourceFile, Trust, Value, VaultSecrets};

use crate::dump::{ScalarStyle, yaml::YamlStyle};
use crate::evaluate::{Fault, FilterCall, integer};
use crate::object::Object;
use crate::python;

fn styled(call: &FilterCall<'_>, mut style: YamlStyle) -> Result<YamlStyle, Fault> {
    let size = |object: &Object, default: usize| -> Result<usize, Fault> {
        Ok(match object {
            Object::Null => default,
            Object::Float(float) if float.is_infinite() => usize::MAX,
            Object::Str(text) => text.trim().parse().unwrap_or(default),
            number => usize::try_from(integer(number)?).unwrap_or(usize::MAX),
        })
    };
    for (name, object) in &call.args.extra {
        match &**name {
            "indent" => style.indent = size(object, 2)?,
            "width" => style.width = size(object, 80)?,
            "sort_keys" => style.sort_keys = object.is_truthy(),
            "default_flow_style" => style.flow = (!object.is_null()).then(|| object.is_truthy()),
            "allow_unicode" => style.allow_unicode = object.is_truthy(),
            "explicit_start" => style.explicit_start = object.is_truthy(),
            "explicit_end" => style.explicit_end = object.is_truthy(),
            "canonical" => style.canonical = object.is_truthy(),
            "default_style" => style.scalars = scalar_style(object.as_str()),
            "line_break" | "encoding" | "version" | "tags" | "vault_to_text" => {}
            other => {
                return Err(Fault::error(format!("dump_all() got an unexpected keyword argument '{other}'")));
            }
        }
    }
    Ok(style)
}

fn scalar_style(mark: Option<&str>) -> ScalarStyle {
    match mark {
        Some("'") => ScalarStyle::Single,
        Some("\"") => ScalarStyle::Double,
        Some("|") => ScalarStyle::Literal,
        Some(">") => ScalarStyle::Folded,
        _ => ScalarStyle::Plain,
    }
}

fn dump(call: &FilterCall<'_>, style: &YamlStyle) -> Result<Object, Fault> {
    let value = python::to_value(call.rendering, &call.input)?;
    let text = style.dump(&value);
    call.rendering.spend_bytes(text.len())?;
    Ok(text.into())
}

pub(super) fn to_yaml(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let flow = call.args.some(0).map(Object::is_truthy);
    dump(call, &styled(call, YamlStyle { flow, ..YamlStyle::default() })?)
}

pub(super) fn to_nice_yaml(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let indent = usize::try_from(call.args.int_or(0, 4)?).unwrap_or(4);
    dump(call, &styled(call, YamlStyle { indent, flow: Some(false), ..YamlStyle::default() })?)
}

/// The text of a string input; anything else is its own result.
fn source(call: &FilterCall<'_>) -> Option<std::sync::Arc<SourceFile>> {
    call.input.as_str().map(|text| SourceFile::new("<unicode string>", text))
}

fn explain(error: &Diagnostic) -> Fault {
    Fault::error(error.message.clone())
}

fn loaded(call: &FilterCall<'_>, value: &Value) -> Object {
    let secret = call.input.is_secret();
    Object::finished(&if secret { value.with_secret() } else { value.clone() })
}

pub(super) fn from_yaml(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let Some(source) = source(call) else {
        return Ok(call.input.clone());
    };
    let secrets = VaultSecrets::default();
    let options = LoadOptions { trust: Trust::Untrusted, vault: &secrets };
    let value = load(&source, &options, &mut Vec::new()).map_err(|error| explain(&error))?;
    Ok(loaded(call, &value))
}

pub(super) fn from_yaml_all(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let Some(source) = source(call) else {
        return Ok(if call.input.is_null() { Object::list(Vec::new()) } else { call.input.clone() });
    };
    let secrets = VaultSecrets::default();
    let options = LoadOptions { trust: Trust::Untrusted, vault: &secrets };
    let values = load_all(&source, &options, &mut Vec::new()).map_err(|error| explain(&error))?;
    Ok(Object::list(values.iter().map(|value| loaded(call, value)).collect()))
}
