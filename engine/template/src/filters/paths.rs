//! Path filters: `basename`, `dirname`, `splitext`, `realpath`, `relpath`, `path_join`, `fileglob` and so on.

use std::path::{Component, Path, PathBuf};

use crate::evaluate::{Fault, FilterCall, iterate};
use crate::object::Object;
use crate::python;

pub(super) fn basename(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let path = call.path()?;
    Ok(path.rsplit('/').next().unwrap_or_default().into())
}

pub(super) fn dirname(call: &FilterCall<'_>) -> Result<Object, Fault> {
    Ok(parent(call.path()?).into())
}

/// Python's `os.path.dirname`.
fn parent(path: &str) -> &str {
    let head = path.rfind('/').map_or("", |at| &path[..=at]);
    let trimmed = head.trim_end_matches('/');
    if trimmed.is_empty() { head } else { trimmed }
}

pub(super) fn splitext(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let path = call.path()?;
    let name_start = path.rfind('/').map_or(0, |at| at + 1);
    let name = &path[name_start..];
    let dots = name.len() - name.trim_start_matches('.').len();
    let at = name[dots..].rfind('.').map_or(path.len(), |at| name_start + dots + at);
    Ok(Object::tuple(vec![path[..at].into(), path[at..].into()]))
}

pub(super) fn expanduser(call: &FilterCall<'_>) -> Result<Object, Fault> {
    Ok(with_home(call.path()?).into())
}

/// `~` and `~name` at the start, from `HOME` and `/etc/passwd`.
pub(crate) fn with_home(path: &str) -> String {
    let Some(rest) = path.strip_prefix('~') else {
        return path.into();
    };
    let (user, tail) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let home = if user.is_empty() { std::env::var("HOME").ok() } else { home_of(user) };
    home.map_or_else(|| path.into(), |home| format!("{}{tail}", home.trim_end_matches('/')))
}

fn home_of(user: &str) -> Option<String> {
    let passwd = fs_err::read_to_string("/etc/passwd").ok()?;
    let line = passwd.lines().find(|line| line.split(':').next() == Some(user))?;
    line.split(':').nth(5).map(Into::into)
}

pub(super) fn expandvars(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text = call.text()?;
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, length) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((name, _)) => (name, name.len() + 2),
            None => {
                let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
                (&after[..end], end)
            }
        };
        match std::env::var(name) {
            Ok(value) if !name.is_empty() => out.push_str(&value),
            _ => out.push_str(&rest[at..=at + length]),
        }
        rest = &after[length..];
    }
    out.push_str(rest);
    Ok(out.into())
}

pub(super) fn realpath(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let path = match call.path()? {
        "" => ".",
        path => path,
    };
    Ok(resolved(Path::new(path)).to_string_lossy().into_owned().into())
}

/// The path with links followed as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let path = normalized(&std::path::absolute(path).unwrap_or_else(|_| path.into()));
    let mut missing = Vec::new();
    let mut existing = path.as_path();
    loop {
        if let Ok(real) = existing.canonicalize() {
            return missing.into_iter().rev().fold(real, |path: PathBuf, name| path.join(name));
        }
        match (existing.parent(), existing.file_name()) {
            (Some(parent), Some(name)) => {
                missing.push(name);
                existing = parent;
            }
            _ => return path,
        }
    }
}

pub(crate) fn normalized(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if parts.file_name().is_some() => {
                parts.pop();
            }
            Component::ParentDir if parts.has_root() => {}
            other => parts.push(other),
        }
    }
    parts
}

/// Python's `os.path.normpath`.
pub(super) fn normpath(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let path = call.path()?;
    let root = match path.len() - path.trim_start_matches('/').len() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match (part, parts.last()) {
            ("..", Some(last)) if *last != ".." => {
                parts.pop();
            }
            ("..", None) if !root.is_empty() => {}
            _ => parts.push(part),
        }
    }
    let normal = format!("{root}{}", parts.join("/"));
    Ok(if normal.is_empty() { ".".into() } else { normal.into() })
}

pub(super) fn relpath(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let absolute = |path: &str| normalized(&std::path::absolute(path).unwrap_or_else(|_| path.into()));
    let path = match call.path()? {
        "" => return Err(Fault::error("no path specified")),
        path => absolute(path),
    };
    let start = absolute(&call.args.text_or(0, "."));
    let (path, start): (Vec<_>, Vec<_>) = (path.components().collect(), start.components().collect());
    let common = path.iter().zip(&start).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n(Component::ParentDir, start.len() - common);
    let relative: PathBuf = up.chain(path[common..].iter().copied()).collect();
    let text = relative.to_string_lossy().into_owned();
    Ok(if text.is_empty() { ".".into() } else { text.into() })
}

pub(super) fn path_join(call: &FilterCall<'_>) -> Result<Object, Fault> {
    if call.input.as_str().is_some() {
        return Ok(call.input.clone());
    }
    if !matches!(call.input, Object::List(_) | Object::Tuple(_)) {
        let kind = call.input.type_name();
        return Err(Fault::error(format!("|path_join expects string or sequence, got <class '{kind}'> instead.")));
    }
    let mut joined = String::new();
    for part in call.items()?.iter() {
        let Some(part) = part.as_str() else { return Err(Fault::error(python::no_path(part.type_name()))) };
        if part.starts_with('/') || joined.is_empty() {
            part.clone_into(&mut joined);
        } else {
            if !joined.ends_with('/') {
                joined.push('/');
            }
            joined.push_str(part);
        }
    }
    Ok(joined.into())
}

pub(super) fn commonpath(call: &FilterCall<'_>) -> Result<Object, Fault> {
    if !matches!(call.input, Object::List(_) | Object::Tuple(_)) {
        let kind = call.input.type_name();
        return Err(Fault::error(format!("|commonpath expects sequence, got <class '{kind}'> instead.")));
    }
    let items = iterate(call.rendering, &call.input)?;
    let path = |item: &Object| match item.as_str() {
        Some(path) => Ok(path.to_owned()),
        None => Err(Fault::error(python::no_path(item.type_name()))),
    };
    let paths: Vec<String> = items.iter().map(path).collect::<Result<_, Fault>>()?;
    if paths.is_empty() {
        return Err(Fault::error("commonpath() arg is an empty sequence"));
    }
    let absolute = paths[0].starts_with('/');
    if paths.iter().any(|path| path.starts_with('/') != absolute) {
        return Err(Fault::error("Can't mix absolute and relative paths"));
    }
    let split = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty() && *part != ".").map(Into::into).collect()
    };
    let mut common = split(&paths[0]);
    for path in &paths[1..] {
        let shared = common.iter().zip(split(path)).take_while(|(a, b)| **a == *b).count();
        common.truncate(shared);
    }
    Ok(format!("{}{}", if absolute { "/" } else { "" }, common.join("/")).into())
}

pub(super) fn fileglob(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let found = crate::lookups::glob_files(Path::new(call.path()?))?;
    Ok(Object::list(found.into_iter().map(Object::from).collect()))
}
