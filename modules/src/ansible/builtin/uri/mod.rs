//! `ansible.builtin.uri`: sends a request and reports the response.

mod body;

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use crate::http::{Body, Client, Download, Redirects, Request, Response};
use crate::{
    Arg, ArgKind, Args, Constraint, Content, Context, FileAttributes, Map, Module, ModuleError, ModuleResult, Support,
    WriteOptions,
};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.uri", ARGS, run)
    .constraints(&[Constraint::MutuallyExclusive(&["body", "src"])])
    .file_args()
    .check_mode(Support::None);

const ARGS: &[Arg] = &[
    Arg::str("url").required(),
    Arg::str("method").default("GET"),
    Arg::raw("body"),
    Arg::str("body_format").default("raw").choices(&["form-urlencoded", "json", "raw", "form-multipart"]),
    Arg::path("src"),
    Arg::bool("remote_src").default("false"),
    Arg::dict("headers").default("{}"),
    Arg::list("unredirected_headers").default(""),
    Arg::list_of("status_code", &ArgKind::Int).default("200"),
    Arg::bool("return_content").default("false"),
    Arg::path("dest"),
    Arg::bool("force").default("false"),
    Arg::path("creates"),
    Arg::path("removes"),
    Arg::str("follow_redirects").default("safe").choices(&["all", "no", "none", "safe", "urllib2", "yes"]),
    Arg::int("timeout").default("30"),
    Arg::str("url_username").alias(&["user"]),
    Arg::str("url_password").no_log().alias(&["password"]),
    Arg::bool("force_basic_auth").default("false"),
    Arg::bool("validate_certs").default("true"),
    Arg::path("ca_path"),
    Arg::path("client_cert"),
    Arg::path("client_key"),
    Arg::list("ciphers"),
    Arg::path("unix_socket"),
    Arg::str("http_agent").default("ansible-httpget"),
    Arg::bool("use_proxy").default("true"),
    Arg::bool("use_netrc").default("true"),
    Arg::bool("use_gssapi").default("false"),
    Arg::bool("decompress").default("true"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    if let Some(reason) = not_needed(args, cx) {
        return Ok(ModuleResult::ok().set("stdout", reason));
    }
    let dest = args.opt_path("dest");
    let request = request(args, dest.as_deref(), cx)?;
    let started = Instant::now();
    let response = match Client::new(cx).send(&request) {
        Ok(response) => response,
        Err(error) => return Err(no_response(args, &error.to_string(), started)),
    };
    let mut outcome = Outcome::new(args, response)?;
    if let Some(dest) = dest {
        outcome.save(&dest, args, cx)?;
    }
    outcome.finish(args, started)
}

/// Why `creates` or `removes` make the request unnecessary.
fn not_needed(args: &Args, cx: &Context<'_>) -> Option<String> {
    let creates = args.opt_str("creates").filter(|path| cx.exists(path));
    let removes = args.opt_str("removes").filter(|path| !cx.exists(path));
    let created = creates.map(|path| format!("skipped, since '{path}' exists"));
    created.or_else(|| removes.map(|path| format!("skipped, since '{path}' does not exist")))
}

fn request(args: &Args, dest: Option<&Path>, cx: &mut Context<'_>) -> Result<Request, ModuleError> {
    let method = args.str("method")?.to_uppercase();
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(ModuleError::failed(
            "Parameter 'method' needs to be a single word in uppercase, like GET or POST.",
        ));
    }
    let mut request = Request { method, redirects: redirects(args), ..Request::from_args(args)? };
    request.body = body_of(args, &mut request, cx)?;
    if request.body.is_some() {
        request.default_header("Content-Type", "application/x-www-form-urlencoded");
    }
    if let Some(modified) = dest.filter(|_| !args.bool("force")).and_then(last_modified) {
        request.default_header("If-Modified-Since", modified);
    }
    Ok(request)
}

fn redirects(args: &Args) -> Redirects {
    match args.opt_str("follow_redirects") {
        Some("all" | "yes" | "urllib2") => Redirects::All,
        Some("no" | "none") => Redirects::None,
        _ => Redirects::Safe,
    }
}

/// `body`, or the file of `src`: the node's own, or one the engine holds.
fn body_of(args: &Args, request: &mut Request, cx: &mut Context<'_>) -> Result<Option<Body>, ModuleError> {
    if let Some(body) = args.raw("body") {
        let encoded = body::encode(body, args.str("body_format")?, &mut |field| upload(field, args, cx))?;
        if let Some(content_type) = encoded.content_type {
            request.default_header("Content-Type", content_type);
        }
        return Ok(Some(Body::Bytes(encoded.bytes)));
    }
    if let Some(sha256) = args.private_str("_content_sha256") {
        return Ok(Some(Body::File(cx.blob(sha256)?)));
    }
    let Some(src) = args.opt_path("src") else { return Ok(None) };
    if !cx.exists(&src) {
        let reason = format!("[Errno 2] No such file or directory: '{}'", src.display());
        return Err(ModuleError::failed(format!("Unable to open source file {}: {reason}", src.display())));
    }
    Ok(Some(Body::File(src)))
}

/// The file of a field of a multipart body that the engine holds.
fn upload(field: &str, args: &Args, cx: &mut Context<'_>) -> Result<Option<PathBuf>, ModuleError> {
    let sha256 = args.private("_uploads").and_then(|uploads| uploads.get(field)).and_then(Value::as_str);
    sha256.map(|sha256| cx.blob(sha256)).transpose()
}

/// The time of the file we have, as an HTTP date.
pub(super) fn last_modified(dest: &Path) -> Option<String> {
    let metadata = std::fs::metadata(dest).ok().filter(std::fs::Metadata::is_file)?;
    let time = jiff::Timestamp::try_from(metadata.modified().ok()?).ok()?;
    Some(time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

fn no_response(args: &Args, reason: &str, started: Instant) -> ModuleError {
    let url = args.opt_str("url").unwrap_or_default();
    let result = ModuleResult::ok().set("url", url).set("status", -1);
    if let Some(kind) = reason.strip_prefix("unknown url type: ") {
        return ModuleError::with_result(format!("unknown url type: {kind}"), result);
    }
    let result = result.set("redirected", false).set("elapsed", started.elapsed().as_secs());
    let result = if args.bool("return_content") { result.set("content", "") } else { result };
    ModuleError::with_result(format!("Status code was -1 and not {}: {reason}", accepted(args)), result)
}

fn accepted(args: &Args) -> String {
    crate::python_repr::repr(&Value::Array(args.list("status_code").to_vec()))
}

/// Whether the body is what the task asked for, and not words about an error or about a file that is up to date.
fn is_content(args: &Args, response: &Response) -> bool {
    response.is_success() || response.status != 304 && has_accepted_status(args, response)
}

fn has_accepted_status(args: &Args, response: &Response) -> bool {
    args.list_of_int("status_code").contains(&i64::from(response.status))
}

/// The response with what the task made of it.
struct Outcome {
    response: Response,
    content: Option<Vec<u8>>,
    path: Option<PathBuf>,
    changed: bool,
}

impl Outcome {
    /// Reads the body, unless it goes into a file.
    fn new(args: &Args, mut response: Response) -> Result<Self, ModuleError> {
        let into_file = args.has("dest") && is_content(args, &response);
        let content = if into_file { None } else { Some(response.read_body()?) };
        Ok(Self { response, content, path: None, changed: false })
    }

    fn save(&mut self, dest: &Path, args: &Args, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let path = if dest.is_dir() { dest.join(file_name(&self.response.url)) } else { dest.to_owned() };
        if is_content(args, &self.response) {
            let temporary = cx.temp_dir()?;
            let file = temporary.path().join("content");
            Download::save(&mut self.response, &file, cx)?;
            if args.bool("return_content") || self.is_json() {
                self.content = cx.read(&file)?;
            }
            let options = WriteOptions { unsafe_writes: args.bool("unsafe_writes"), ..WriteOptions::default() };
            cx.write_file(&path, Content::File(&file), &options)?;
            self.changed = true;
        }
        if cx.exists(&path) {
            self.changed |= cx.set_attributes(&path, &FileAttributes::from_args(args))?;
        }
        self.path = Some(path);
        Ok(())
    }

    fn is_json(&self) -> bool {
        let content_type = self.response.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let subtype = content_type.split(';').next().and_then(|kind| kind.split_once('/')).map_or("", |(_, kind)| kind);
        subtype.contains("json") || subtype.contains("javascript")
    }

    fn finish(self, args: &Args, started: Instant) -> Result<ModuleResult, ModuleError> {
        let accepted_status = has_accepted_status(args, &self.response);
        let msg = self.response.summary();
        let result = self.report(args, accepted_status).set("elapsed", started.elapsed().as_secs());
        if accepted_status {
            return Ok(result.msg(msg));
        }
        let status = self.response.status;
        Err(ModuleError::with_result(format!("Status code was {status} and not {}: {msg}", accepted(args)), result))
    }

    fn report(&self, args: &Args, accepted_status: bool) -> ModuleResult {
        let response = &self.response;
        let mut result = ModuleResult::ok()
            .changed(self.changed)
            .set("redirected", args.opt_str("url") != Some(response.url.as_str()))
            .set("url", response.url.clone())
            .set("status", response.status);
        for (name, value) in response.joined_headers() {
            let value = if name == "location" { self.absolute(&value) } else { value };
            result = result.set(&name.replace('-', "_"), value);
        }
        if response.is_success() {
            result = with_cookies(result, response);
        }
        if let Some(content) = &self.content {
            result = self.with_content(result, content, args.bool("return_content"), accepted_status);
        }
        result.set_opt("path", self.path.as_ref().map(|path| path.to_string_lossy().into_owned()))
    }

    fn with_content(&self, result: ModuleResult, content: &[u8], wanted: bool, accepted: bool) -> ModuleResult {
        let text = decode(content, self.response.header("content-type").unwrap_or_default());
        let json = Some(&text).filter(|_| self.is_json()).and_then(|text| serde_json::from_str::<Value>(text).ok());
        let result = result.set_opt("json", json);
        match (wanted, self.response.is_success()) {
            (true, _) => result.set("content", text),
            (false, false) if accepted => result.set("body", text),
            (false, _) => result,
        }
    }

    fn absolute(&self, location: &str) -> String {
        crate::http::join(&self.response.url, location).unwrap_or_else(|| location.to_owned())
    }
}

fn with_cookies(result: ModuleResult, response: &Response) -> ModuleResult {
    let cookies = response.cookies();
    let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let map: Map = cookies.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
    result.set("cookies_string", pairs.join("; ")).set("cookies", map)
}

/// Text in the charset of the content type; unknown bytes are replaced.
fn decode(content: &[u8], content_type: &str) -> String {
    let lower = content_type.to_ascii_lowercase();
    let charset = lower.split(';').find_map(|part| part.trim().strip_prefix("charset=")).unwrap_or("utf-8");
    match charset.trim_matches('"') {
        "iso-8859-1" | "latin-1" | "latin1" => content.iter().copied().map(char::from).collect(),
        _ => String::from_utf8_lossy(content).into_owned(),
    }
}

/// The last part of a URL's path.
pub(super) fn file_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    let name = path.split_once('/').and_then(|(_, path)| path.rsplit('/').next()).unwrap_or_default();
    if name.is_empty() { "index.html".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets_are_honoured() {
        assert_eq!(decode("grü".as_bytes(), "text/html; charset=utf-8"), "grü");
        assert_eq!(decode(&[0xfc], "text/html; charset=ISO-8859-1"), "ü");
        assert_eq!(decode(&[0xfc], "text/html"), "\u{fffd}");
    }

    #[test]
    fn file_names_come_from_urls() {
        for (url, name) in
            [("http://h/a/b.txt?q=/x", "b.txt"), ("http://h", "index.html"), ("http://h/a/", "index.html")]
        {
            assert_eq!(file_name(url), name, "{url}");
        }
    }
}
