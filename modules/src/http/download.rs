//! Fetching a URL into a file.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use super::client::{Client, Request};
use super::error::HttpError;
use super::response::Response;
use crate::{Context, ModuleError};

/// Largest piece read between two looks at cancellation.
const CHUNK: usize = 64 * 1024;

/// A plain download with Ansible's defaults, for modules that take URLs beside files.
pub(crate) fn download(url: &str, dest: &Path, cx: &Context<'_>) -> Result<(), ModuleError> {
    let failed = |reason: String| ModuleError::failed(format!("Failure downloading {url}, {reason}"));
    let request = Request { timeout: std::time::Duration::from_mins(1), ..Request::get(url) };
    let mut response = Client::new(cx).send(&request).map_err(|error| failed(error.to_string()))?;
    if !response.is_success() {
        return Err(failed(response.summary()));
    }
    Download::save(&mut response, dest, cx)?;
    Ok(())
}

/// A body on its way into a file.
pub(crate) struct Download;

impl Download {
    /// Writes the rest of the body; returns its length.
    pub(crate) fn save(response: &mut Response, dest: &Path, cx: &Context<'_>) -> Result<u64, ModuleError> {
        let mut file = fs_err::File::create(dest)?;
        Self::copy(&mut response.body, file.file_mut(), cx)
    }

    fn copy(body: &mut dyn Read, file: &mut File, cx: &Context<'_>) -> Result<u64, ModuleError> {
        let mut buffer = vec![0; CHUNK];
        let mut length = 0;
        loop {
            if cx.is_cancelled() {
                return Err(ModuleError::Cancelled);
            }
            let read = match body.read(&mut buffer) {
                Ok(0) => return Ok(length),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(ModuleError::failed(HttpError::from(error).to_string())),
            };
            file.write_all(&buffer[..read])?;
            length += read as u64;
        }
    }
}
