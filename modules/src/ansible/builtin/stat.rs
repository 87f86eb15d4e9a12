//! `ansible.builtin.stat`: everything the file system knows about a path.

use std::fs::Metadata;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use rustix::fs::{Access, access};
use serde_json::Value;

use crate::attributes::{FLAG_LETTERS, file_version, path_text};
use crate::checksum::{ALGORITHMS, Algorithm};
use crate::error::{errno_text, os_error_bytes, root_cause};
use crate::{Arg, Args, CommandSpec, Context, Map, Module, ModuleError, ModuleResult, mode};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.stat", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::path("path").required().alias(&["dest", "name"]),
    Arg::bool("follow").default("false"),
    Arg::bool("get_checksum").default("true"),
    Arg::bool("get_mime").default("true").alias(&["mime", "mime_type", "mime-type"]),
    Arg::bool("get_attributes").default("true").alias(&["attr", "attributes"]),
    Arg::str("checksum_algorithm").default("sha1").choices(ALGORITHMS).alias(&["checksum", "checksum_algo"]),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let path = args.path("path")?;
    let found = if args.bool("follow") { fs_err::metadata(&path) } else { fs_err::symlink_metadata(&path) };
    let found = match found {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let absent = Map::from_iter([("exists".to_owned(), false.into())]);
            return Ok(ModuleResult::ok().set("stat", absent));
        }
        Err(error) => {
            let msg = errno_text(&root_cause(&error));
            return Err(ModuleError::failed(msg).with("exception", os_error_bytes(&error, &path_text(&path))));
        }
    };
    let mut facts = Facts(Map::new());
    facts.set("exists", true);
    facts.set("path", path_text(&path));
    facts.metadata(&found);
    facts.permissions(found.mode());
    facts.access(&path);
    facts.names(&found, cx);
    if found.is_symlink() {
        facts.link(&path);
    }
    if args.bool("get_checksum") && found.is_file() && access(&path, Access::READ_OK).is_ok() {
        let algorithm = Algorithm::named(args.str("checksum_algorithm")?).unwrap_or(Algorithm::Sha1);
        facts.set("checksum", algorithm.of_file(&path)?);
    }
    if args.bool("get_mime") {
        facts.mime(&path, cx)?;
    }
    if args.bool("get_attributes") {
        facts.flags(&path, cx);
    }
    Ok(ModuleResult::ok().set("stat", facts.0))
}

struct Facts(Map);

impl Facts {
    fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    fn metadata(&mut self, found: &Metadata) {
        let kind = found.file_type();
        self.set("mode", mode::octal(found.mode()));
        self.set("isdir", kind.is_dir());
        self.set("ischr", kind.is_char_device());
        self.set("isblk", kind.is_block_device());
        self.set("isreg", kind.is_file());
        self.set("isfifo", kind.is_fifo());
        self.set("islnk", kind.is_symlink());
        self.set("issock", kind.is_socket());
        self.set("uid", found.uid());
        self.set("gid", found.gid());
        self.set("size", found.size());
        self.set("inode", found.ino());
        self.set("dev", found.dev());
        self.set("nlink", found.nlink());
        self.set("atime", mode::seconds(found.atime(), found.atime_nsec()));
        self.set("mtime", mode::seconds(found.mtime(), found.mtime_nsec()));
        self.set("ctime", mode::seconds(found.ctime(), found.ctime_nsec()));
        self.set("blocks", found.blocks());
        self.set("block_size", found.blksize());
        self.set("device_type", found.rdev());
    }

    fn permissions(&mut self, bits: u32) {
        for (key, bit) in mode::PERMISSION_BITS {
            self.set(key, bits & bit != 0);
        }
    }

    /// What the user that runs the module may do, through links.
    fn access(&mut self, path: &Path) {
        for (key, right) in
            [("readable", Access::READ_OK), ("writeable", Access::WRITE_OK), ("executable", Access::EXEC_OK)]
        {
            self.set(key, access(path, right).is_ok());
        }
    }

    fn names(&mut self, found: &Metadata, cx: &mut Context<'_>) {
        if let Some(user) = cx.accounts.user_by_id(found.uid()) {
            self.set("pw_name", user.name);
        }
        if let Some(group) = cx.accounts.group_by_id(found.gid()) {
            self.set("gr_name", group.name);
        }
    }

    fn link(&mut self, path: &Path) {
        self.set("lnk_source", path_text(&crate::real_path::real_path(path)));
        if let Ok(target) = fs_err::read_link(path) {
            self.set("lnk_target", path_text(&target));
        }
    }

    /// As the program `file` sees it.
    fn mime(&mut self, path: &Path, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let (mut kind, mut charset) = ("unknown".to_owned(), "unknown".to_owned());
        if let Some(file) = cx.which("file") {
            let spec =
                CommandSpec::new([path_text(&file).as_str(), "--mime-type", "--mime-encoding", &path_text(path)]);
            let output = cx.run_read(&spec)?;
            let text = output.stdout();
            let answer = text.trim_end().rsplit_once(": ").filter(|_| output.ok());
            if let Some((found, encoding)) = answer.and_then(|(_, answer)| answer.split_once("; charset=")) {
                (kind, charset) = (found.trim().to_owned(), encoding.to_owned());
            }
        }
        self.set("mimetype", kind);
        self.set("charset", charset);
        Ok(())
    }

    fn flags(&mut self, path: &Path, cx: &Context<'_>) {
        let flags = cx.file_flags(path).unwrap_or_default();
        let words: Vec<&str> = flags
            .chars()
            .filter_map(|flag| FLAG_LETTERS.iter().find(|(_, letter, _)| *letter == flag))
            .map(|row| row.2)
            .collect();
        self.set("version", file_version(path).map(|version| version.to_string()));
        self.set("attributes", words);
        self.set("attr_flags", flags);
    }
}
