//! Is this executable the one that was meant to run?

use std::io;

use sha2::{Digest, Sha256};

const OWN_EXECUTABLE: &str = "/proc/self/exe";

/// The whole content, read once after an upload.
pub(crate) fn check_own_content(expected: &str) -> Result<(), String> {
    let path = own_path()?;
    let mut file = fs_err::File::open(path).map_err(|error| error.to_string())?;
    let mut hasher = Sha256::new();
    io::copy(&mut file, &mut hasher).map_err(|error| error.to_string())?;
    let found = hex::encode(hasher.finalize());
    if found == expected { Ok(()) } else { Err(format!("damaged in transfer: content is {found}, not {expected}")) }
}

/// Cheap enough for every start: catches a file cut short by a full disk or a crash.
pub(crate) fn check_own_size(expected: u64) -> Result<(), String> {
    // Of the opened file: emulators give the program for the file, and themselves for its name.
    let file = fs_err::File::open(own_path()?).map_err(|error| error.to_string())?;
    let found = file.metadata().map_err(|error| error.to_string())?.len();
    if found == expected { Ok(()) } else { Err(format!("damaged: {found} bytes, not {expected}")) }
}

/// `/proc` may be hidden or not mounted; the bootstrap starts us by an absolute path.
fn own_path() -> Result<std::path::PathBuf, String> {
    if fs_err::metadata(OWN_EXECUTABLE).is_ok() {
        return Ok(OWN_EXECUTABLE.into());
    }
    std::env::args_os().next().map(Into::into).ok_or_else(|| "cannot tell the own path".to_owned())
}
