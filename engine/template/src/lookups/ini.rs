//! `ini`: values of INI and properties files.

use kapell_parsing::Text;

use super::LookupCall;
use crate::evaluate::Fault;
use crate::object::Object;
use crate::python::regex;

struct Section {
    name: String,
    entries: Vec<(String, String)>,
}

struct Request {
    key: String,
    file: String,
    section: String,
    properties: bool,
    pattern: bool,
    default: Option<String>,
    case_sensitive: bool,
    interpolation: bool,
}

fn truth(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "yes" | "on" | "1" | "true" | "y" | "t")
}

fn request(call: &LookupCall<'_>, term: &str) -> Result<Request, Fault> {
    let parsed = kapell_parsing::kv::parse(&Text::new(term)).map_err(|error| Fault::error(error.message))?;
    let option = |name: &str| -> Result<Option<String>, Fault> {
        match parsed.pairs.get(name).and_then(|value| value.as_str()) {
            Some(text) => Ok(Some(text.to_owned())),
            None => call.text_option(name),
        }
    };
    let flag = |name: &str, default: bool| Ok::<_, Fault>(option(name)?.map_or(default, |text| truth(&text)));
    let key = parsed.rest.iter().map(Text::as_str).collect::<Vec<_>>().join(" ");
    Ok(Request {
        key: if key.is_empty() { term.to_owned() } else { key },
        file: option("file")?.unwrap_or_else(|| "ansible.ini".into()),
        section: option("section")?.unwrap_or_else(|| "global".into()),
        properties: option("type")?.as_deref() == Some("properties"),
        pattern: flag("re", false)?,
        default: option("default")?,
        case_sensitive: flag("case_sensitive", false)?,
        interpolation: flag("interpolation", true)?,
    })
}

pub(super) fn ini(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let mut found = Vec::new();
    for term in call.texts()? {
        let request = request(call, &term)?;
        let path = call.find_file("files", &request.file);
        let path = path.ok_or_else(|| Fault::error(format!("could not locate file in lookup: {}", request.file)))?;
        let (text, _) = call.read_text(&path)?;
        let sections = read(&text, &request);
        let section_name = if request.properties { "java_properties" } else { &request.section };
        let Some(section) = sections.iter().find(|section| section.name == section_name) else {
            let (section, file) = (&request.section, &request.file);
            return Err(Fault::error(format!("No section '{section}' in '{file}'.")));
        };
        found.extend(values(section, &sections, &request)?.into_iter().map(Object::from));
    }
    Ok(found)
}

fn values(section: &Section, sections: &[Section], request: &Request) -> Result<Vec<String>, Fault> {
    let expand = |value: &str| {
        if request.interpolation { interpolated(value, section, sections, 0) } else { Ok(value.to_owned()) }
    };
    if request.pattern {
        let flags = regex::Flags { ignore_case: !request.case_sensitive, ..regex::Flags::default() };
        let regex = regex::compile(&format!(r"\A(?:{})", request.key), flags)?;
        let mut found = Vec::new();
        for (name, value) in &section.entries {
            if regex.is_match(name).map_err(regex::too_hard)? {
                found.push(expand(value)?);
            }
        }
        return Ok(found);
    }
    let key = if request.case_sensitive { request.key.clone() } else { request.key.to_lowercase() };
    match lookup(section, sections, &key) {
        Some(value) => Ok(vec![expand(value)?]),
        None => Ok(vec![request.default.clone().unwrap_or_default()]),
    }
}

fn lookup<'s>(section: &'s Section, sections: &'s [Section], key: &str) -> Option<&'s str> {
    let defaults = sections.iter().filter(|section| section.name == "DEFAULT");
    let entries = std::iter::once(section).chain(defaults).flat_map(|section| section.entries.iter().rev());
    entries.into_iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

/// `%(name)s` in a value stands for another value, `%%` for a percent sign.
fn interpolated(value: &str, section: &Section, sections: &[Section], depth: usize) -> Result<String, Fault> {
    if depth > 10 {
        return Err(Fault::error("Recursion limit exceeded in value substitution"));
    }
    let mut out = String::new();
    let mut rest = value;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(tail) = after.strip_prefix('%') {
            out.push('%');
            rest = tail;
        } else if let Some((name, tail)) = after.strip_prefix('(').and_then(|inner| inner.split_once(")s")) {
            let found = lookup(section, sections, &name.to_lowercase());
            let found =
                found.ok_or_else(|| Fault::error(format!("Bad value substitution: option '{name}' not found")))?;
            out.push_str(&interpolated(found, section, sections, depth + 1)?);
            rest = tail;
        } else {
            return Err(Fault::error(format!("'%' must be followed by '%' or '(', found: '%{after}'")));
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn read(text: &str, request: &Request) -> Vec<Section> {
    let mut sections = Vec::new();
    if request.properties {
        sections.push(Section { name: "java_properties".into(), entries: Vec::new() });
    }
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) =
            trimmed.strip_prefix('[').and_then(|name| name.split(']').next()).filter(|_| !request.properties)
        {
            sections.push(Section { name: name.into(), entries: Vec::new() });
            continue;
        }
        let Some(section) = sections.last_mut() else { continue };
        let continues = line.starts_with([' ', '\t']);
        if let (true, Some((_, value))) = (continues, section.entries.last_mut()) {
            value.push('\n');
            value.push_str(trimmed);
            continue;
        }
        let (name, value) = trimmed.find(['=', ':']).map_or((trimmed, ""), |at| (&trimmed[..at], &trimmed[at + 1..]));
        let name = name.trim();
        let name = if request.case_sensitive { name.to_owned() } else { name.to_lowercase() };
        section.entries.push((name, value.trim().to_owned()));
    }
    sections
}
