//! Building an image: the directory sent to the engine, and what it says while it builds.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::time::Duration;

use globset::{GlobBuilder, GlobMatcher};
use serde_json::{Value, json};

use super::super::engine::{Answer, Engine};
use super::super::image_name::error_of;
use super::super::query::Query;
use crate::conversion::human_bytes;
use crate::http::Body;
use crate::{Arg, Context, Map, ModuleError};

const LIMITS: &[Arg] = &[Arg::str("memory"), Arg::str("memswap"), Arg::int("cpushares"), Arg::str("cpusetcpus")];

pub(super) const ARGS: &[Arg] = &[
    Arg::path("path").required(),
    Arg::dict("args"),
    Arg::list("cache_from"),
    Arg::dict("container_limits").options(LIMITS),
    Arg::str("dockerfile"),
    Arg::dict("etc_hosts"),
    Arg::int("http_timeout"),
    Arg::dict("labels"),
    Arg::str("network"),
    Arg::bool("nocache").default("false"),
    Arg::str("platform"),
    Arg::bool("pull").default("false"),
    Arg::bool("rm").default("true"),
    Arg::str("shm_size"),
    Arg::str("target"),
    Arg::bool("use_config_proxy"),
];

/// Builds the image; returns what the engine said.
pub(super) fn build(engine: &Engine, full: &str, options: &Map, cx: &Context<'_>) -> Result<String, ModuleError> {
    let dir = PathBuf::from(options["path"].as_str().unwrap_or_default());
    if !dir.is_dir() {
        return Err(ModuleError::failed(format!("{} is no directory", dir.display())));
    }
    let scratch = cx.temp_dir()?;
    let context = scratch.path().join("context.tar");
    let dockerfile = options["dockerfile"].as_str().unwrap_or("Dockerfile");
    pack(&dir, dockerfile, &context)?;
    let path = query(full, options)?.after("/build");
    let headers = vec![("content-type".to_owned(), "application/x-tar".to_owned())];
    let seconds = options["http_timeout"].as_u64().unwrap_or(3600);
    let patience = Some(Duration::from_secs(seconds));
    let (response, at) = engine.stream("POST", &path, headers, Some(Body::File(context)), patience)?;
    let answer = Answer::read(response, &at).map_err(ModuleError::failed)?;
    let answer = answer.or_fail(&format!("Error building {full}"))?;
    let events = answer.events();
    let said: String = events.iter().filter_map(|event| event["stream"].as_str()).collect();
    match events.iter().find_map(error_of) {
        Some((code, message)) => {
            let msg = format!("Error building {full} - code: {code}, message: {message}, logs: {said}");
            Err(ModuleError::failed(msg).with("stdout", said))
        }
        None => Ok(said),
    }
}

fn query(full: &str, options: &Map) -> Result<Query, ModuleError> {
    let word = |name: &str| if options[name].as_bool() == Some(true) { "True" } else { "False" };
    let mut query = Query::new().with("t", full).with("q", "False").with("nocache", word("nocache"));
    query = query.with("rm", word("rm")).with("forcerm", "True").with("pull", word("pull"));
    if let Some(file) = options["dockerfile"].as_str() {
        query = query.with("dockerfile", file);
    }
    for (ours, theirs) in [("args", "buildargs"), ("labels", "labels")] {
        if let Some(map) = options[ours].as_object() {
            let texts: Map =
                map.iter().map(|(key, value)| (key.clone(), json!(super::super::engine::plain_text(value)))).collect();
            query = query.with(theirs, Value::Object(texts));
        }
    }
    if let Some(images) = options["cache_from"].as_array() {
        query = query.with("cachefrom", json!(images));
    }
    for (ours, theirs) in [("network", "networkmode"), ("target", "target"), ("platform", "platform")] {
        query = query.with_opt(theirs, options[ours].as_str());
    }
    if let Some(hosts) = options["etc_hosts"].as_object() {
        let hosts = hosts.iter().map(|(name, address)| format!("{name}:{}", super::super::engine::plain_text(address)));
        query = query.with("extrahosts", hosts.collect::<Vec<_>>().join(","));
    }
    let size = |name: &str, text: &str| {
        human_bytes(text).ok_or_else(|| ModuleError::failed(format!("Failed to convert {name} to bytes: {text}")))
    };
    if let Some(text) = options["shm_size"].as_str() {
        query = query.with("shmsize", size("shm_size", text)?);
    }
    let limits = &options["container_limits"];
    for (ours, theirs) in [("memory", "memory"), ("memswap", "memswap")] {
        if let Some(text) = limits[ours].as_str() {
            query = query.with(theirs, if text == "-1" { -1 } else { size(ours, text)? });
        }
    }
    Ok(query.with_opt("cpushares", limits["cpushares"].as_i64()).with_opt("cpusetcpus", limits["cpusetcpus"].as_str()))
}

/// The directory without what `.dockerignore` leaves out, owned by root, as the Docker command line sends it.
fn pack(dir: &Path, dockerfile: &str, target: &Path) -> Result<(), ModuleError> {
    let ignored = Ignored::read(dir)?;
    let mut archive = tar::Builder::new(fs_err::File::create(target)?);
    archive.follow_symlinks(false);
    let mut open = vec![PathBuf::new()];
    while let Some(inner) = open.pop() {
        let mut entries: Vec<_> = fs_err::read_dir(dir.join(&inner))?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<Result<_, _>>()?;
        entries.sort();
        for name in entries {
            let relative = inner.join(name);
            let path = dir.join(&relative);
            let info = fs_err::symlink_metadata(&path)?;
            // The engine itself reads these two.
            let needed = relative == Path::new(dockerfile) || relative == Path::new(".dockerignore");
            if info.is_dir() {
                // What is within may be excepted.
                open.push(relative.clone());
            }
            if ignored.leaves_out(&relative) && !needed {
                continue;
            }
            append(&mut archive, &path, &relative, &info)?;
        }
    }
    archive.finish()?;
    Ok(())
}

fn append(
    archive: &mut tar::Builder<fs_err::File>,
    path: &Path,
    name: &Path,
    info: &std::fs::Metadata,
) -> Result<(), ModuleError> {
    let mut header = tar::Header::new_gnu();
    header.set_metadata(info);
    header.set_uid(0);
    header.set_gid(0);
    if info.is_symlink() {
        header.set_size(0);
        archive.append_link(&mut header, name, fs_err::read_link(path)?)?;
    } else if info.is_dir() {
        archive.append_data(&mut header, name, std::io::empty())?;
    } else if info.is_file() {
        archive.append_data(&mut header, name, fs_err::File::open(path)?)?;
    }
    Ok(())
}

/// The patterns of `.dockerignore`: the last one that matches decides, `!` excepts.
struct Ignored {
    patterns: Vec<(bool, GlobMatcher)>,
}

impl Ignored {
    fn read(dir: &Path) -> Result<Self, ModuleError> {
        let path = dir.join(".dockerignore");
        if !path.is_file() {
            return Ok(Self { patterns: Vec::new() });
        }
        let lines = std::io::BufReader::new(fs_err::File::open(path)?).lines();
        Self::parse(lines.collect::<Result<Vec<_>, _>>()?.iter().map(String::as_str))
    }

    fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Self, ModuleError> {
        let mut patterns = Vec::new();
        for line in lines.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (leaves_out, text) = line.strip_prefix('!').map_or((true, line), |rest| (false, rest.trim()));
            let text = text.trim_start_matches('/').trim_start_matches("./").trim_end_matches('/');
            let glob = GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build();
            let glob = glob.map_err(|error| ModuleError::failed(format!(".dockerignore: {error}")))?;
            patterns.push((leaves_out, glob.compile_matcher()));
        }
        Ok(Self { patterns })
    }

    /// A directory that is left out takes along what is in it.
    fn leaves_out(&self, path: &Path) -> bool {
        let matches = |glob: &GlobMatcher| path.ancestors().any(|part| part != Path::new("") && glob.is_match(part));
        let last = self.patterns.iter().rev().find(|(_, glob)| matches(glob));
        last.is_some_and(|(leaves_out, _)| *leaves_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pattern_decides() {
        let ignored = Ignored::parse("# x\n*.log\n/target/\n!target/keep\n**/secret".lines()).unwrap();
        for (path, left_out) in [
            ("a.log", true),
            ("sub/a.log", false),
            ("target/x", true),
            ("target/keep", false),
            ("deep/er/secret", true),
            ("src", false),
        ] {
            assert_eq!(ignored.leaves_out(Path::new(path)), left_out, "{path}");
        }
    }
}
