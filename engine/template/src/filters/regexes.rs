//! `regex_replace`, `regex_search`, `regex_findall`, `regex_escape`.

use crate::evaluate::{Bound, Fault, FilterCall};
use crate::object::Object;
use crate::python::regex::{self, Flags};

fn flags(args: &Bound, ignore_case: usize, multiline: usize) -> Flags {
    Flags { ignore_case: args.truthy(ignore_case, false), multiline: args.truthy(multiline, false) }
}

pub(super) fn regex_replace(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text = call.text()?;
    let regex = regex::compile(&call.args.text_or(0, ""), flags(&call.args, 2, 3))?;
    let count = usize::try_from(call.args.int_or(4, 0)?).unwrap_or(0);
    let (replaced, done) = regex::replace(&regex, &text, &call.args.text_or(1, ""), count)?;
    let mandatory = call.args.int_or(5, 0)?;
    if mandatory != 0 && i64::try_from(done).unwrap_or(i64::MAX) != mandatory {
        let (pattern, text) = (call.args.text_or(0, ""), text);
        return Err(Fault::error(format!(
            "'{pattern}' should match {mandatory} times, but matches {done} times in '{text}'"
        )));
    }
    call.rendering.spend_bytes(replaced.len())?;
    Ok(replaced.into())
}

pub(super) fn regex_search(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text = call.text()?;
    let option = |name: &str| call.args.extra(name).is_some_and(Object::is_truthy);
    if let Some((unknown, _)) = call.args.extra.iter().find(|(n, _)| !matches!(&**n, "ignorecase" | "multiline")) {
        return Err(Fault::error(format!("regex_search() got an unexpected keyword argument '{unknown}'")));
    }
    let flags = Flags { ignore_case: option("ignorecase"), multiline: option("multiline") };
    let regex = regex::compile(&call.args.text_or(0, ""), flags)?;
    let mut groups = Vec::new();
    for group in &call.args.rest {
        let group = crate::python::str(call.rendering, group)?;
        let index = if let Some(name) = group.strip_prefix(r"\g<").and_then(|rest| rest.strip_suffix('>')) {
            name.parse()
                .ok()
                .or_else(|| regex::group_index(&regex, name))
                .ok_or_else(|| Fault::error("no such group"))?
        } else if let Some(number) = group.strip_prefix('\\').and_then(|digits| digits.parse::<usize>().ok()) {
            number
        } else {
            return Err(Fault::error("Unknown argument"));
        };
        groups.push(index);
    }
    let Some(found) = regex.captures(&text).map_err(regex::too_hard)? else {
        return Ok(Object::Null);
    };
    let group = |at: usize| {
        if at >= found.len() {
            return Err(Fault::error("no such group"));
        }
        Ok(found.get(at).map_or(Object::Null, |found| found.as_str().into()))
    };
    if groups.is_empty() {
        return group(0);
    }
    Ok(Object::list(groups.into_iter().map(group).collect::<Result<_, _>>()?))
}

pub(super) fn regex_findall(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text = call.text()?;
    let regex = regex::compile(&call.args.text_or(0, ""), flags(&call.args, 2, 1))?;
    let mut found = Vec::new();
    for captures in regex.captures_iter(text.as_str()) {
        let captures = captures.map_err(regex::too_hard)?;
        let groups = regex::findall_groups(&captures);
        found.push(match groups.as_slice() {
            [single] => Object::from(*single),
            several => Object::tuple(several.iter().map(|group| Object::from(*group)).collect()),
        });
    }
    Ok(Object::list(found))
}

pub(super) fn regex_escape(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text = call.text()?;
    match call.args.text_or(0, "python").as_str() {
        "python" => Ok(regex::escape(&text).into()),
        "posix_basic" => {
            let special = |c: char| "][.^$*\\".contains(c);
            Ok(text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect::<String>().into())
        }
        other => Err(Fault::error(format!("Invalid regex type ({other}); the types are python and posix_basic"))),
    }
}
