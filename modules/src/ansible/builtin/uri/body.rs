//! The body of a request, in the format the task asks for.

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

use crate::python_repr::str_of;
use crate::{Map, ModuleError};

/// Letters in a line of base64.
const MIME_LINE: usize = 76;

/// The bytes to send and the content type they have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EncodedBody {
    pub bytes: Vec<u8>,
    pub content_type: Option<String>,
}

/// The file that the engine holds for a field of a multipart body.
pub(super) type Uploads<'a> = dyn FnMut(&str) -> Result<Option<PathBuf>, ModuleError> + 'a;

/// Encodes `body`: `raw`, `json`, `form-urlencoded` or `form-multipart`.
pub(super) fn encode(body: &Value, format: &str, uploads: &mut Uploads<'_>) -> Result<EncodedBody, ModuleError> {
    match format {
        "json" => Ok(with_type(json(body), "application/json")),
        "form-urlencoded" => Ok(with_type(form(body)?, "application/x-www-form-urlencoded")),
        "form-multipart" => multipart(body, &boundary(), uploads),
        _ => match body {
            Value::Object(_) | Value::Array(_) => Err(ModuleError::failed(
                "body must be a string when body_format is raw; json and form formats take more",
            )),
            other => Ok(EncodedBody { bytes: str_of(other).into_bytes(), content_type: None }),
        },
    }
}

fn with_type(bytes: Vec<u8>, content_type: &str) -> EncodedBody {
    EncodedBody { bytes, content_type: Some(content_type.to_owned()) }
}

/// A string is taken for JSON that is ready to send.
fn json(body: &Value) -> Vec<u8> {
    match body {
        Value::String(text) => text.clone().into_bytes(),
        other => spaced_json(other),
    }
}

/// JSON as Python writes it: blanks after `,` and `:`, ASCII only.
fn spaced_json(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, Spaced(CompactFormatter));
    // Writing a JSON value into memory cannot fail.
    let _ = value.serialize(&mut serializer);
    bytes
}

struct Spaced(CompactFormatter);

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for character in fragment.chars() {
            if character.is_ascii() {
                self.0.write_string_fragment(writer, character.encode_utf8(&mut [0; 4]))?;
                continue;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

/// A string goes as it is; a dict, or a list of pairs, is encoded, lists of values as repeated keys.
fn form(body: &Value) -> Result<Vec<u8>, ModuleError> {
    let mut pairs = Vec::new();
    match body {
        Value::String(text) => return Ok(text.clone().into_bytes()),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| add_pairs(name, value, &mut pairs)),
        Value::Array(entries) => {
            for entry in entries {
                let Some([name, value]) = entry.as_array().map(Vec::as_slice) else {
                    return Err(ModuleError::failed(
                        "failed to parse body as form_urlencoded: not a valid non-string sequence or mapping object",
                    ));
                };
                add_pairs(&str_of(name), value, &mut pairs);
            }
        }
        other => {
            return Err(ModuleError::failed(format!("failed to parse body as form_urlencoded: {}", str_of(other))));
        }
    }
    Ok(pairs.join("&").into_bytes())
}

fn add_pairs(name: &str, value: &Value, pairs: &mut Vec<String>) {
    let single = std::slice::from_ref(value);
    let values = value.as_array().map_or(single, Vec::as_slice);
    pairs.extend(values.iter().map(|value| format!("{}={}", quote_plus(name), quote_plus(&str_of(value)))));
}

fn quote_plus(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => quoted.push(char::from(byte)),
            b' ' => quoted.push('+'),
            _ => quoted.extend(format!("%{byte:02X}").chars()),
        }
    }
    quoted
}

fn boundary() -> String {
    format!("==============={}==", BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 15]>()))
}

/// Fields are strings, or dicts with `content` or `filename` and maybe `mime_type` and `multipart_encoding`.
fn multipart(body: &Value, boundary: &str, uploads: &mut Uploads<'_>) -> Result<EncodedBody, ModuleError> {
    let Some(fields) = body.as_object() else {
        return Err(ModuleError::failed(
            "failed to parse body as form-multipart: Mapping is required, cannot be type ".to_owned()
                + crate::python_repr::type_name(body),
        ));
    };
    let mut bytes = Vec::new();
    for (name, field) in fields {
        let upload = uploads(name)?;
        let part = Part::new(field, upload.as_deref())
            .map_err(|reason| ModuleError::failed(format!("failed to parse body as form-multipart: {reason}")))?;
        bytes.extend_from_slice(part.head(name, boundary).as_bytes());
        bytes.extend_from_slice(&part.content);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(EncodedBody { bytes, content_type: Some(format!("multipart/form-data; boundary=\"{boundary}\"")) })
}

struct Part {
    content: Vec<u8>,
    mime_type: String,
    file_name: Option<String>,
    /// How the bytes are written; said of files only.
    transfer_encoding: Option<&'static str>,
}

impl Part {
    fn new(field: &Value, upload: Option<&Path>) -> Result<Self, String> {
        match field {
            Value::String(text) => Ok(Self {
                content: text.clone().into_bytes(),
                mime_type: "text/plain".to_owned(),
                file_name: None,
                transfer_encoding: None,
            }),
            Value::Object(field) => Self::of_map(field, upload),
            other => {
                let kind = crate::python_repr::type_name(other);
                Err(format!("value must be a string, or mapping, cannot be type {kind}"))
            }
        }
    }

    fn of_map(field: &Map, upload: Option<&Path>) -> Result<Self, String> {
        let text = |name: &str| field.get(name).and_then(Value::as_str);
        let file = text("filename");
        let (content, transfer_encoding) = match (text("content"), file) {
            (Some(content), _) => (content.as_bytes().to_vec(), None),
            (None, Some(file)) => {
                let bytes = fs_err::read(upload.unwrap_or(Path::new(file))).map_err(|error| error.to_string())?;
                let (content, name) = transferred(&bytes, text("multipart_encoding"))?;
                (content, Some(name))
            }
            (None, None) => return Err("at least one of filename or content must be provided".to_owned()),
        };
        let guessed = || guess_type(file.unwrap_or_default()).to_owned();
        let file_name =
            file.and_then(|file| Path::new(file).file_name()).map(|name| name.to_string_lossy().into_owned());
        let mime_type = text("mime_type").map_or_else(guessed, str::to_owned);
        Ok(Self { content, mime_type, file_name, transfer_encoding })
    }

    fn head(&self, name: &str, boundary: &str) -> String {
        let file_name = self.file_name.as_ref().map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
        let encoding =
            self.transfer_encoding.map(|name| format!("Content-Transfer-Encoding: {name}\r\n")).unwrap_or_default();
        format!(
            "--{boundary}\r\n{encoding}Content-Type: {}\r\nContent-Disposition: form-data; name=\"{name}\"{file_name}\r\n\r\n",
            self.mime_type
        )
    }
}

/// A file's bytes in the encoding asked for, and what that is called. MIME ends lines with CR LF.
fn transferred(bytes: &[u8], encoding: Option<&str>) -> Result<(Vec<u8>, &'static str), String> {
    match encoding.unwrap_or("base64") {
        "base64" => {
            let text = BASE64_STANDARD.encode(bytes);
            let lines = text.as_bytes().chunks(MIME_LINE).map(|line| [line, b"\r\n"].concat());
            Ok((lines.collect::<Vec<_>>().concat(), "base64"))
        }
        "7or8bit" => {
            let lines = bytes.split_inclusive(|byte| *byte == b'\n').map(|line| match line.strip_suffix(b"\n") {
                Some(line) => [line.strip_suffix(b"\r").unwrap_or(line), b"\r\n"].concat(),
                None => line.to_vec(),
            });
            Ok((lines.collect::<Vec<_>>().concat(), if bytes.is_ascii() { "7bit" } else { "8bit" }))
        }
        _ => Err("multipart_encoding must be one of dict_keys(['base64', '7or8bit']).".to_owned()),
    }
}

/// The types that are common in uploads; everything else is just bytes.
fn guess_type(file: &str) -> &'static str {
    match file.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "txt" | "log" | "conf" | "ini" => "text/plain",
        "json" => "application/json",
        "html" | "htm" => "text/html",
        "css" => "text/css",
        "csv" => "text/csv",
        "xml" => "text/xml",
        "js" => "text/javascript",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "tar" => "application/x-tar",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(body: &Value, format: &str) -> String {
        String::from_utf8(encode(body, format, &mut |_| Ok(None)).unwrap().bytes).unwrap()
    }

    #[test]
    fn json_is_written_as_python_writes_it() {
        let body = json!({"a": 1, "b": ["x\n", true, null], "ü": "😀", "e": {}});
        assert_eq!(text(&body, "json"), r#"{"a": 1, "b": ["x\n", true, null], "\u00fc": "\ud83d\ude00", "e": {}}"#);
        assert_eq!(text(&json!("{ \"a\":1}"), "json"), "{ \"a\":1}");
    }

    #[test]
    fn forms_repeat_keys_of_lists() {
        let body = json!({"a": 1, "b": ["x", "y"], "c": "d e&f", "g": "ü", "t": true});
        assert_eq!(text(&body, "form-urlencoded"), "a=1&b=x&b=y&c=d+e%26f&g=%C3%BC&t=True");
        assert_eq!(text(&json!([["a", 1], ["b", ["x", "y"]]]), "form-urlencoded"), "a=1&b=x&b=y");
        assert_eq!(text(&json!("a=1"), "form-urlencoded"), "a=1");
        assert!(encode(&json!([1]), "form-urlencoded", &mut |_| Ok(None)).is_err());
    }

    #[test]
    fn files_are_written_as_mime_wants_them() {
        assert_eq!(transferred(b"b\n", None).unwrap(), (b"Ygo=\r\n".to_vec(), "base64"));
        assert_eq!(transferred(&[0; 58], None).unwrap().0.len(), 76 + 2 + 4 + 2);
        assert_eq!(transferred(b"a\nb\r\nc", Some("7or8bit")).unwrap(), (b"a\r\nb\r\nc".to_vec(), "7bit"));
        assert_eq!(transferred("ü".as_bytes(), Some("7or8bit")).unwrap().1, "8bit");
        assert!(transferred(b"", Some("other")).is_err());
    }

    #[test]
    fn parts_have_names_and_types() {
        let body = json!({"a": "hello", "f": {"filename": "d/x.json", "content": "{}"}});
        let encoded = multipart(&body, "B", &mut |_| Ok(None)).unwrap();
        assert_eq!(encoded.content_type.as_deref(), Some("multipart/form-data; boundary=\"B\""));
        assert_eq!(
            String::from_utf8(encoded.bytes).unwrap(),
            "--B\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhello\r\n\
             --B\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.json\"\r\n\
             \r\n{}\r\n--B--\r\n"
        );
        assert!(multipart(&json!({"f": {}}), "B", &mut |_| Ok(None)).is_err());
        assert!(encode(&json!({"a": 1}), "raw", &mut |_| Ok(None)).is_err());
    }
}
