//! `ansible.builtin.get_url`: downloads a file.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use super::uri::{file_name, last_modified};
use crate::checksum::{ALL_ALGORITHMS, Algorithm};
use crate::http::{Client, Download, Redirects, Request, Response};
use crate::{Arg, Args, Content, Context, FileAttributes, Module, ModuleError, ModuleResult, Support, WriteOptions};

pub(crate) static MODULE: Module =
    Module::new("ansible.builtin.get_url", ARGS, run).file_args().check_mode(Support::Partial);

const ARGS: &[Arg] = &[
    Arg::str("url").required(),
    Arg::path("dest").required(),
    Arg::str("checksum").default(""),
    Arg::bool("force").default("false"),
    Arg::bool("backup").default("false"),
    Arg::path("tmp_dest"),
    Arg::dict("headers"),
    Arg::list("unredirected_headers").default(""),
    Arg::int("timeout").default("10"),
    Arg::str("url_username").alias(&["username"]),
    Arg::str("url_password").no_log().alias(&["password"]),
    Arg::bool("force_basic_auth").default("false"),
    Arg::bool("validate_certs").default("true"),
    Arg::path("client_cert"),
    Arg::path("client_key"),
    Arg::list("ciphers"),
    Arg::str("http_agent").default("ansible-httpget"),
    Arg::bool("use_proxy").default("true"),
    Arg::bool("use_netrc").default("true"),
    Arg::bool("use_gssapi").default("false"),
    Arg::bool("decompress").default("true"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let task = Task { args, url: args.str("url")?.to_owned(), dest: args.path("dest")?, started: Instant::now() };
    let checksum = task.checksum(cx)?;
    let is_dir = task.dest.is_dir();
    let may_stay = task.dest.is_file() && !args.bool("force");
    if let Some(checksum) = checksum.as_ref().filter(|_| may_stay)
        && checksum.matches(&task.dest)?
    {
        return task.keep(cx);
    }
    let mut response = task.fetch(is_dir, checksum.is_some(), cx)?;
    if response.status == 304 {
        return task.not_modified(&response, cx);
    }
    task.check_status(&response)?;
    let dest = if is_dir { task.dest.join(name_of(&response, &task.url)) } else { task.dest.clone() };
    let downloaded = Downloaded::save(&mut response, args, cx)?;
    task.put_in_place(&downloaded, &dest, checksum.as_ref(), &response, cx)
}

struct Task<'a> {
    args: &'a Args,
    url: String,
    dest: PathBuf,
    started: Instant,
}

impl Task<'_> {
    /// The wanted checksum; a URL of a checksum file is read first.
    fn checksum(&self, cx: &mut Context<'_>) -> Result<Option<Checksum>, ModuleError> {
        let wanted = self.args.str("checksum")?;
        if wanted.is_empty() {
            return Ok(None);
        }
        let Some((name, digest)) = wanted.split_once(':') else {
            return Err(self.failed("The checksum parameter has to be in format <algorithm>:<checksum>", &self.dest));
        };
        let (algorithm, digest) = (name.trim().to_owned(), digest.trim());
        if !digest.contains("://") {
            return Ok(Some(Checksum { algorithm, digest: cleaned(digest) }));
        }
        let request = Request { url: digest.to_owned(), ..self.request()? };
        let mut response =
            Client::new(cx).send(&request).map_err(|error| self.failed(error.to_string(), &self.dest))?;
        if !response.is_success() {
            return Err(
                self.failed(format!("Unable to fetch checksum file {digest}: {}", response.summary()), &self.dest)
            );
        }
        let text = String::from_utf8_lossy(&response.read_body()?).into_owned();
        match listed_digest(&text, &file_name(&self.url)) {
            Some(found) => Ok(Some(Checksum { algorithm, digest: cleaned(&found) })),
            None => {
                let name = file_name(&self.url);
                Err(self.failed(format!("Unable to find a checksum for file '{name}' in '{digest}'"), &self.dest))
            }
        }
    }

    fn request(&self) -> Result<Request, ModuleError> {
        Ok(Request { redirects: Redirects::AsPython, ..Request::from_args(self.args)? })
    }

    fn fetch(&self, is_dir: bool, has_checksum: bool, cx: &Context<'_>) -> Result<Response, ModuleError> {
        let mut request = self.request()?;
        if cx.check_mode {
            "HEAD".clone_into(&mut request.method);
        }
        let may_be_current = !is_dir && !self.args.bool("force") && !has_checksum;
        if let Some(modified) = last_modified(&self.dest).filter(|_| may_be_current) {
            request.default_header("If-Modified-Since", modified);
        }
        let response = Client::new(cx).send(&request);
        response.map_err(|error| ModuleError::with_result(error.to_string(), self.place(&self.dest)))
    }

    fn check_status(&self, response: &Response) -> Result<(), ModuleError> {
        if response.is_success() {
            return Ok(());
        }
        let result = self.place(&self.dest).set("status_code", response.status).set("response", response.summary());
        Err(ModuleError::with_result("Request failed", result))
    }

    /// The file is there with the right checksum: only its attributes may change.
    fn keep(&self, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let changed = cx.set_attributes(&self.dest, &FileAttributes::from_args(self.args))?;
        Ok(self.checksums(self.place(&self.dest), None, None).changed(changed).msg("file already exists"))
    }

    fn not_modified(&self, response: &Response, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let changed = cx.set_attributes(&self.dest, &FileAttributes::from_args(self.args))?;
        Ok(self.place(&self.dest).set("status_code", 304).msg(response.summary()).changed(changed))
    }

    fn put_in_place(
        &self,
        downloaded: &Downloaded,
        dest: &Path,
        checksum: Option<&Checksum>,
        response: &Response,
        cx: &mut Context<'_>,
    ) -> Result<ModuleResult, ModuleError> {
        let current = if dest.is_file() { Some(Algorithm::Sha1.of_file(dest)?) } else { None };
        let result = self.checksums(self.place(dest), current.as_deref(), Some(&downloaded.sha1));
        let result = result.set("src", downloaded.file.to_string_lossy().into_owned());
        if let Some(dir) = missing_directory(dest) {
            return Err(ModuleError::with_result(format!("Destination {} does not exist", dir.display()), result));
        }
        if cx.check_mode {
            return Ok(result.msg(response.summary()).changed(current.as_ref() != Some(&downloaded.sha1)));
        }
        if let Some(checksum) = checksum {
            checksum.verify(&downloaded.file, &result)?;
        }
        let mut result = result.set("md5sum", Algorithm::Md5.of_file(&downloaded.file)?);
        let changed = current.as_ref() != Some(&downloaded.sha1);
        if changed {
            let options = WriteOptions::from_args(self.args);
            let backup = cx.write_file(dest, Content::File(&downloaded.file), &options)?;
            result = result.set_opt("backup_file", backup);
        }
        let attributes = cx.set_attributes(dest, &FileAttributes::from_args(self.args))?;
        let status = if self.url.starts_with("file:") { Value::Null } else { response.status.into() };
        Ok(result.msg(response.summary()).set("status_code", status).changed(changed || attributes))
    }

    /// What every result says.
    fn place(&self, dest: &Path) -> ModuleResult {
        ModuleResult::ok()
            .set("url", self.url.clone())
            .set("dest", dest.to_string_lossy().into_owned())
            .set("elapsed", self.started.elapsed().as_secs())
    }

    #[expect(clippy::unused_self, reason = "reads as the other steps of building a result do")]
    fn checksums(&self, result: ModuleResult, dest: Option<&str>, src: Option<&str>) -> ModuleResult {
        result.set("checksum_dest", dest.map(str::to_owned)).set("checksum_src", src.map(str::to_owned))
    }

    fn failed(&self, msg: impl Into<String>, dest: &Path) -> ModuleError {
        ModuleError::with_result(msg, self.checksums(self.place(dest), None, None))
    }
}

/// The downloaded content, in a temporary file that goes away with this value.
struct Downloaded {
    file: PathBuf,
    sha1: String,
    _dir: tempfile::TempDir,
}

impl Downloaded {
    fn save(response: &mut Response, args: &Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let dir = match args.opt_path("tmp_dest") {
            None => cx.temp_dir()?,
            Some(path) if path.is_dir() => tempfile::Builder::new().prefix("kapell-").tempdir_in(path)?,
            Some(path) if path.exists() => {
                return Err(ModuleError::failed(format!("{} is a file but should be a directory.", path.display())));
            }
            Some(path) => return Err(ModuleError::failed(format!("{} directory does not exist.", path.display()))),
        };
        let file = dir.path().join("content");
        Download::save(response, &file, cx)?;
        Ok(Self { sha1: Algorithm::Sha1.of_file(&file)?, file, _dir: dir })
    }
}

struct Checksum {
    algorithm: String,
    digest: String,
}

impl Checksum {
    fn of(&self, file: &Path) -> Result<String, ModuleError> {
        let algorithm = Algorithm::named(&self.algorithm).ok_or_else(|| {
            ModuleError::failed(format!(
                "Could not hash file '{}' with algorithm '{}'. Available algorithms: {}",
                file.display(),
                self.algorithm,
                ALL_ALGORITHMS.join(", ")
            ))
        })?;
        Ok(algorithm.of_file(file)?)
    }

    fn matches(&self, file: &Path) -> Result<bool, ModuleError> {
        Ok(self.of(file)? == self.digest)
    }

    fn verify(&self, file: &Path, result: &ModuleResult) -> Result<(), ModuleError> {
        let found = self.of(file)?;
        if found == self.digest {
            return Ok(());
        }
        let msg = format!("The checksum for {} did not match {}; it was {found}.", file.display(), self.digest);
        Err(ModuleError::with_result(msg, result.clone()))
    }
}

/// The directory the file would be in, when it is not there; a path that ends in a slash names the directory itself.
fn missing_directory(dest: &Path) -> Option<PathBuf> {
    let text = dest.to_string_lossy();
    let dir = match text.strip_suffix('/') {
        Some(dir) => Path::new(dir),
        None => dest.parent()?,
    };
    (!dir.exists() && !dir.as_os_str().is_empty()).then(|| dir.to_owned())
}

/// Letters and digits only, in lower case.
fn cleaned(digest: &str) -> String {
    digest.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// The digest a checksum file gives for a file: `<digest>  <name>`, `<name>: <digest>` in BSD style, or a digest alone.
fn listed_digest(text: &str, name: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if let [only] = lines[..]
        && !only.contains(char::is_whitespace)
    {
        return Some(only.to_owned());
    }
    lines.iter().find_map(|line| {
        if let Some((head, digest)) = line.split_once(") = ") {
            return head.ends_with(&format!("({name}")).then(|| digest.to_owned());
        }
        let (digest, listed) = line.split_once(char::is_whitespace)?;
        let listed = listed.trim().trim_start_matches('*').trim_start_matches("./");
        (listed == name || listed.rsplit('/').next() == Some(name)).then(|| digest.to_owned())
    })
}

/// A name for the file in a directory: what the server says, or the end of the URL.
fn name_of(response: &Response, url: &str) -> String {
    let given = response.header("content-disposition").and_then(|header| {
        let part = header.split(';').find_map(|part| part.trim().strip_prefix("filename="))?;
        let name = part.trim_matches('"');
        Path::new(name).file_name().map(|name| name.to_string_lossy().into_owned())
    });
    given.unwrap_or_else(|| file_name(if response.url.is_empty() { url } else { &response.url }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_files_come_in_several_forms() {
        let cases = [
            ("abc123\n", Some("abc123")),
            ("aaa  other\nbbb  file.txt\n", Some("bbb")),
            ("bbb *file.txt\n", Some("bbb")),
            ("bbb  ./dir/file.txt\n", Some("bbb")),
            ("SHA256 (file.txt) = ccc\n", Some("ccc")),
            ("aaa  other\n", None),
            ("", None),
        ];
        for (text, digest) in cases {
            assert_eq!(listed_digest(text, "file.txt").as_deref(), digest, "{text:?}");
        }
        assert_eq!(cleaned(" AB-12 "), "ab12");
    }
}
