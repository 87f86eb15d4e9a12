//! `archive`: the version as an archive file.

use std::path::Path;

use super::request::Request;
use crate::{Content, Context, ModuleError, WriteOptions};

/// Makes the archive anew; true when it differs from the one that is there.
pub(super) fn write(archive: &Path, request: &Request, dest: &Path, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
    let name = archive.to_string_lossy();
    let format = format_of(&name).ok_or_else(|| ModuleError::failed(format!("Unsupported archive format {name}")))?;
    let temporary = cx.temp_dir()?;
    let file = temporary.path().join("archive");
    let mut words = vec!["archive".to_owned(), "--format".to_owned(), format.to_owned()];
    words.extend(["--output".to_owned(), file.to_string_lossy().into_owned()]);
    words.extend(request.archive_prefix.iter().flat_map(|prefix| ["--prefix".to_owned(), prefix.clone()]));
    words.push(if cx.check_mode { request.version.clone() } else { "HEAD".to_owned() });
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = cx.run_read(&request.git(&words).cwd(dest))?;
    if !output.ok() {
        let reason = output.stderr();
        return Err(ModuleError::failed(format!("Failed to perform archive operation: {reason}")).with("rc", output.rc));
    }
    if cx.read(archive)? == cx.read(&file)? {
        return Ok(false);
    }
    cx.write_file(archive, Content::File(&file), &WriteOptions::default())?;
    Ok(true)
}

fn format_of(name: &str) -> Option<&'static str> {
    const FORMATS: [(&str, &str); 4] = [(".zip", "zip"), (".tar.gz", "tar.gz"), (".tgz", "tgz"), (".tar", "tar")];
    let other = name.ends_with(".gz").then_some("tar.gz");
    FORMATS.iter().find(|(suffix, _)| name.ends_with(suffix)).map(|(_, format)| *format).or(other)
}

#[cfg(test)]
mod tests {
    use super::format_of;

    #[test]
    fn formats_follow_the_name() {
        assert_eq!(format_of("/a.tar.gz"), Some("tar.gz"));
        assert_eq!(format_of("/a.tgz"), Some("tgz"));
        assert_eq!(format_of("/a.rar"), None);
    }
}
