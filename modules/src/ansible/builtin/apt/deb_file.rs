//! `deb`: packages from files, on the node or behind a URL.

use std::path::{Path, PathBuf};

use super::request::Request;
use super::transaction::{self, Wording};
use crate::debian::dpkg_status::DpkgStatus;
use crate::debian::version;
use crate::{CommandSpec, Context, ModuleError, ModuleResult};

/// Installs the files that are not installed yet, with their dependencies, in one transaction.
pub(super) fn install(debs: &str, request: &Request, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let temporary = cx.temp_dir()?;
    let mut files = Vec::new();
    for (index, deb) in debs.split(',').map(str::trim).enumerate() {
        let file = if deb.contains("://") {
            let file = temporary.path().join(format!("{index}.deb"));
            crate::http::download(deb, &file, cx)?;
            file
        } else {
            PathBuf::from(deb)
        };
        files.push(file);
    }
    let installed = DpkgStatus::read(cx)?;
    let mut needed = Vec::new();
    for file in &files {
        if Deb::read(file, cx)?.is_needed(request.options.allow_downgrade, &installed)? {
            needed.push(absolute(file));
        }
    }
    if needed.is_empty() {
        return Ok(ModuleResult::ok().set("stdout", "").set("stderr", "").set("diff", crate::Map::new()));
    }
    transaction::run(request.options.install(&needed), Wording::Install, request, cx)
}

/// apt-get takes only a path with a slash for a file.
fn absolute(file: &Path) -> String {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned()).to_string_lossy().into_owned()
}

/// What a package file says of itself.
struct Deb {
    name: String,
    version: String,
    architecture: String,
}

impl Deb {
    fn read(file: &Path, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let path = file.to_string_lossy();
        let unusable = |reason: &str| ModuleError::failed(format!("Unable to install package: {reason}"));
        if !cx.exists(file) {
            return Err(unusable(&format!("E:Could not open file {path} - open (2: No such file or directory)")));
        }
        let fields = ["Package", "Version", "Architecture"];
        let output = cx.run_read(&CommandSpec::new(["dpkg-deb", "--field", &path]).args(fields))?;
        if !output.ok() {
            return Err(unusable(output.stderr().trim()));
        }
        let text = output.stdout();
        let field = |name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default().to_owned()
        };
        Ok(Self { name: field("Package"), version: field("Version"), architecture: field("Architecture") })
    }

    /// A newer installed version is an error unless going back is allowed.
    fn is_needed(&self, allow_downgrade: bool, installed: &DpkgStatus) -> Result<bool, ModuleError> {
        let qualified = format!("{}:{}", self.name, self.architecture);
        let name = if self.architecture == "all" { &self.name } else { &qualified };
        let Some(current) = installed.installed(name) else { return Ok(true) };
        let order = version::compare(&self.version, &current.version);
        if order.is_lt() && !allow_downgrade {
            return Err(ModuleError::failed("A later version is already installed"));
        }
        Ok(order.is_ne())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_other_versions_are_needed() {
        let status = "Package: hello\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.10\n";
        let installed = DpkgStatus::parse(status);
        let deb = |version: &str| Deb {
            name: "hello".to_owned(),
            version: version.to_owned(),
            architecture: "amd64".to_owned(),
        };
        assert!(!deb("2.10").is_needed(false, &installed).unwrap());
        assert!(deb("2.11").is_needed(false, &installed).unwrap());
        assert!(deb("2.9").is_needed(true, &installed).unwrap());
        assert!(deb("2.9").is_needed(false, &installed).is_err());
        assert!(Deb { name: "other".to_owned(), ..deb("1") }.is_needed(false, &installed).unwrap());
    }
}
