//! `ansible.builtin.find`: the files below some directories that meet all the conditions.

mod conditions;

use std::fs::Metadata;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::attributes::path_text;
use crate::checksum::{ALGORITHMS, Algorithm};
use crate::error::os_error;
use crate::{Arg, Args, Context, Map, Module, ModuleError, ModuleResult, mode};

use conditions::Conditions;

pub(crate) static MODULE: Module = Module::new("ansible.builtin.find", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::list_of("paths", &crate::ArgKind::Path).required().alias(&["name", "path"]),
    Arg::list("patterns").default("").alias(&["pattern"]),
    Arg::list("excludes").alias(&["exclude"]),
    Arg::str("contains"),
    Arg::str("encoding"),
    Arg::bool("read_whole_file").default("false"),
    Arg::str("file_type").default("file").choices(&["any", "directory", "file", "link"]),
    Arg::str("age"),
    Arg::str("age_stamp").default("mtime").choices(&["atime", "ctime", "mtime"]),
    Arg::str("size"),
    Arg::bool("recurse").default("false"),
    Arg::bool("hidden").default("false"),
    Arg::bool("follow").default("false"),
    Arg::bool("get_checksum").default("false"),
    Arg::str("checksum_algorithm").default("sha1").choices(ALGORITHMS).alias(&["checksum", "checksum_algo"]),
    Arg::bool("use_regex").default("false"),
    Arg::int("depth"),
    Arg::raw("mode"),
    Arg::bool("exact_mode").default("true"),
    Arg::int("limit"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let mut search = Search {
        conditions: Conditions::from_args(args)?,
        recurse: args.bool("recurse"),
        follow: args.bool("follow"),
        depth: args.opt_int("depth").and_then(|depth| usize::try_from(depth).ok()),
        limit: limit(args)?.and_then(|limit| usize::try_from(limit).ok()),
        checksum: args
            .bool("get_checksum")
            .then(|| args.opt_str("checksum_algorithm").and_then(Algorithm::named))
            .flatten(),
        found: Vec::new(),
        examined: 0,
        skipped: Map::new(),
    };
    for path in args.list_of_str("paths") {
        if let Err(reason) = search.below(Path::new(&path), cx) {
            cx.warn(format!("Skipped '{path}' path due to this access issue: {reason}\n"));
            search.skipped.insert(path, reason.into());
        }
        if search.is_full() {
            break;
        }
    }
    let msg = if search.is_full() {
        "Limit of matches reached"
    } else if search.skipped.is_empty() {
        "All paths examined"
    } else {
        "Not all paths examined, check warnings for details"
    };
    Ok(ModuleResult::ok()
        .msg(msg)
        .set("matched", search.found.len())
        .set("examined", search.examined)
        .set("skipped_paths", search.skipped)
        .set("files", search.found.into_iter().map(Value::Object).collect::<Vec<_>>()))
}

fn limit(args: &Args) -> Result<Option<i64>, ModuleError> {
    match args.opt_int("limit") {
        Some(limit) if limit <= 0 => {
            Err(ModuleError::failed(format!("limit cannot be {limit} (use None for unlimited)")))
        }
        limit => Ok(limit),
    }
}

struct Search {
    conditions: Conditions,
    recurse: bool,
    follow: bool,
    depth: Option<usize>,
    limit: Option<usize>,
    checksum: Option<Algorithm>,
    found: Vec<Map>,
    examined: usize,
    skipped: Map,
}

impl Search {
    fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.found.len() >= limit)
    }

    /// Looks at everything below `top`; the error says why that is not possible.
    fn below(&mut self, top: &Path, cx: &mut Context<'_>) -> Result<(), String> {
        if !top.is_dir() {
            return Err(format!("'{}' is not a directory", top.display()));
        }
        let mut open = vec![(top.to_owned(), 1)];
        while let Some((dir, depth)) = open.pop() {
            if leads_back(&dir) {
                continue;
            }
            let Some((others, dirs)) = self.entries(&dir) else { continue };
            self.examined += others.len() + dirs.len();
            if self.depth.is_some_and(|limit| depth > limit) {
                continue;
            }
            for path in others.iter().chain(&dirs) {
                self.examine(path, cx)?;
                if self.is_full() {
                    return Ok(());
                }
            }
            if self.recurse {
                let inner = dirs.into_iter().rev().filter(|dir| self.follow || !dir.is_symlink());
                open.extend(inner.map(|dir| (dir, depth + 1)));
            }
        }
        Ok(())
    }

    /// What is in a directory, sorted: first what is no directory, then what is one.
    fn entries(&mut self, dir: &Path) -> Option<(Vec<PathBuf>, Vec<PathBuf>)> {
        let entries = match fs_err::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) => {
                self.skipped.insert(path_text(dir), os_error(&error, &path_text(dir)).into());
                return None;
            }
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        Some(paths.into_iter().partition(|path| !path.is_dir()))
    }

    fn examine(&mut self, path: &Path, cx: &mut Context<'_>) -> Result<(), String> {
        // What vanished meanwhile is not there to be found.
        let Ok(found) = fs_err::symlink_metadata(path) else { return Ok(()) };
        if !self.conditions.hold(path, &found)? {
            return Ok(());
        }
        let mut facts = describe(path, &found, cx);
        if let Some(algorithm) = self.checksum.filter(|_| found.is_file()) {
            facts.insert("checksum".to_owned(), algorithm.of_file(path).map_err(|error| error.to_string())?.into());
        }
        self.found.push(facts);
        Ok(())
    }
}

/// A link to a directory it lies in would be followed forever.
fn leads_back(dir: &Path) -> bool {
    let real = |path: &Path| fs_err::canonicalize(path).ok();
    let parent = dir.parent().filter(|_| dir.is_symlink()).and_then(real);
    parent.zip(real(dir)).is_some_and(|(parent, target)| parent.starts_with(target))
}

fn describe(path: &Path, found: &Metadata, cx: &mut Context<'_>) -> Map {
    let kind = found.file_type();
    let mut facts = Map::new();
    let mut set = |key: &str, value: Value| drop(facts.insert(key.to_owned(), value));
    set("path", path_text(path).into());
    set("mode", mode::octal(found.mode()).into());
    set("isdir", kind.is_dir().into());
    set("ischr", kind.is_char_device().into());
    set("isblk", kind.is_block_device().into());
    set("isreg", kind.is_file().into());
    set("isfifo", kind.is_fifo().into());
    set("islnk", kind.is_symlink().into());
    set("issock", kind.is_socket().into());
    set("uid", found.uid().into());
    set("gid", found.gid().into());
    set("size", found.size().into());
    set("inode", found.ino().into());
    set("dev", found.dev().into());
    set("nlink", found.nlink().into());
    set("atime", mode::seconds(found.atime(), found.atime_nsec()).into());
    set("mtime", mode::seconds(found.mtime(), found.mtime_nsec()).into());
    set("ctime", mode::seconds(found.ctime(), found.ctime_nsec()).into());
    set("pw_name", cx.accounts.user_by_id(found.uid()).map_or_else(String::new, |user| user.name).into());
    set("gr_name", cx.accounts.group_by_id(found.gid()).map_or_else(String::new, |group| group.name).into());
    for (key, bit) in mode::PERMISSION_BITS {
        set(key, (found.mode() & bit != 0).into());
    }
    facts
}
