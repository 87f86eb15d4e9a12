//! The tree of files that goes into every package, as it lies in an installed system.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::command::{command, run};
use crate::lab::Lab;
use crate::worker;

const WORKERS: &str = "Workers for hosts of other architectures, named as `uname -m` says: kapell-worker-aarch64.gz.\n\
                       That for the program's own architecture is part of the program.\n";

/// Where the tree begins.
pub(super) fn stage(lab: &Lab, kapell: &Path, directory: &Path) -> Result<PathBuf> {
    let root = directory.join("root");
    if root.exists() {
        fs_err::remove_dir_all(&root)?;
    }
    let staged = Staged { lab, kapell, root };
    staged.programs()?;
    staged.workers()?;
    staged.manual()?;
    staged.completions()?;
    staged.documents()?;
    Ok(staged.root)
}

struct Staged<'s> {
    lab: &'s Lab,
    kapell: &'s Path,
    root: PathBuf,
}

impl Staged<'_> {
    fn programs(&self) -> Result<()> {
        self.copy(self.kapell, "usr/bin/kapell", 0o755)?;
        for name in ["register", "unregister"] {
            self.copy(&self.lab.repository().join("packaging").join(name), &format!("usr/lib/kapell/{name}"), 0o755)?;
        }
        Ok(())
    }

    fn workers(&self) -> Result<()> {
        self.write("usr/lib/kapell/workers/README", WORKERS.as_bytes())?;
        for (architecture, file) in worker::built(self.lab) {
            let name = format!("usr/lib/kapell/workers/kapell-worker-{architecture}.gz");
            self.copy(&file, &name, 0o644)?;
            println!("with a worker for {architecture}");
        }
        Ok(())
    }

    fn manual(&self) -> Result<()> {
        let pages = self.root.join("usr/share/man/man1");
        run(command([self.kapell]).args(["man", "--out"]).arg(&pages))?;
        let files: Vec<PathBuf> =
            fs_err::read_dir(&pages)?.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<_>>()?;
        run(command(["gzip", "--best", "--no-name"]).args(files))?;
        Ok(())
    }

    fn completions(&self) -> Result<()> {
        for (shell, place) in [
            ("bash", "usr/share/bash-completion/completions/kapell"),
            ("zsh", "usr/share/zsh/vendor-completions/_kapell"),
            ("fish", "usr/share/fish/vendor_completions.d/kapell.fish"),
        ] {
            let script = run(command([self.kapell]).args(["completions", shell]))?.stdout;
            self.write(place, &script)?;
        }
        Ok(())
    }

    fn documents(&self) -> Result<()> {
        for name in ["README.md", "LICENSE-APACHE", "LICENSE-MIT"] {
            self.copy(&self.lab.repository().join(name), &format!("usr/share/doc/kapell/{name}"), 0o644)?;
        }
        Ok(())
    }

    fn copy(&self, from: &Path, to: &str, mode: u32) -> Result<()> {
        self.write(to, &fs_err::read(from)?)?;
        Ok(fs_err::set_permissions(self.root.join(to), std::fs::Permissions::from_mode(mode))?)
    }

    fn write(&self, to: &str, content: &[u8]) -> Result<()> {
        let path = self.root.join(to);
        if let Some(directory) = path.parent() {
            fs_err::create_dir_all(directory)?;
        }
        fs_err::write(&path, content)?;
        Ok(fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o644))?)
    }
}
