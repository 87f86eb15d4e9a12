//! Images as archives: what is in one, and writing one.

use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::super::engine::{Answer, Engine};
use super::super::query::Query;
use crate::ModuleError;

/// A longer list of contents is none.
const LONGEST_LIST: u64 = 16 * 1024 * 1024;
/// More of an image than this is not written.
const LONGEST: u64 = 256 * 1024 * 1024 * 1024;

/// Why the archive has to be written; `None` when it has this image under this name already.
pub(super) fn reason_to_write(path: &Path, id: &str, name: &str) -> Result<Option<String>, ModuleError> {
    if !path.exists() {
        return Ok(Some("since none present".to_owned()));
    }
    let id = id.strip_prefix("sha256:").unwrap_or(id);
    let Some((found, names)) = content(path)? else {
        return Ok(Some("overwriting an unreadable archive file".to_owned()));
    };
    if found == id && names == [name] {
        return Ok(None);
    }
    Ok(Some(format!("overwriting archive with image {found} named {}", names.join(", "))))
}

/// The id and the names of the one image in an archive.
fn content(path: &Path) -> Result<Option<(String, Vec<String>)>, ModuleError> {
    let mut archive = tar::Archive::new(fs_err::File::open(path)?);
    let Ok(entries) = archive.entries() else { return Ok(None) };
    for entry in entries {
        let Ok(mut entry) = entry else { return Ok(None) };
        if !entry.path().is_ok_and(|path| path == Path::new("manifest.json")) {
            continue;
        }
        let mut text = Vec::new();
        if entry.by_ref().take(LONGEST_LIST).read_to_end(&mut text).is_err() {
            return Ok(None);
        }
        let manifest: Value = serde_json::from_slice(&text).unwrap_or(Value::Null);
        let Some([image]) = manifest.as_array().map(Vec::as_slice) else { return Ok(None) };
        let config = image["Config"].as_str().unwrap_or_default();
        let id = config.rsplit('/').next().unwrap_or(config).trim_end_matches(".json").to_owned();
        let names = image["RepoTags"].as_array().into_iter().flatten().filter_map(Value::as_str);
        return Ok(Some((id, names.map(str::to_owned).collect())));
    }
    Ok(None)
}

pub(super) fn write(engine: &Engine, name: &str, path: &Path, patience: Duration) -> Result<(), ModuleError> {
    let at = format!("/images/{}/get", Query::encoded_path(name));
    let (mut response, at) = engine.stream("GET", &at, Vec::new(), None, Some(patience))?;
    if !response.is_success() {
        let answer = Answer::read(response, &at).map_err(ModuleError::failed)?;
        return answer.or_fail(&format!("Error getting image {name}")).map(drop);
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".kapell-").tempfile_in(dir)?;
    let written = std::io::copy(&mut response.body.by_ref().take(LONGEST), file.as_file_mut())?;
    if written == LONGEST {
        return Err(ModuleError::failed(format!("the archive of {name} is too long")));
    }
    file.as_file_mut().flush()?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs_err::set_permissions(file.path(), mode)?;
    file.persist(path).map_err(|error| ModuleError::from(error.error))?;
    Ok(())
}
