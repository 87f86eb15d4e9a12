//! Repositories: cloned with the git program into a temporary directory, brought to a version.

use std::path::Path;
use std::process::{Command, Stdio};

use kapell_modules::UrlLogin;

/// Clones `url` into `target`, which does not exist, and leaves the files of `version` there. Errors are told as git
/// told them.
pub(crate) fn checkout(url: &str, version: Option<&str>, target: &Path) -> Result<(), String> {
    let parent = target.parent().unwrap_or(Path::new("."));
    let login = UrlLogin::of(url);
    let url = login.as_ref().map_or(url, |login| &login.plain);
    let mut clone = Command::new("git");
    clone.args(["clone", "--quiet", "--no-checkout", "--"]).arg(url).arg(target);
    clone.envs(login.iter().flat_map(|login| login.git_environment("origin", None)));
    run(&mut clone, parent)?;
    let version = version.filter(|version| !version.is_empty() && *version != "*").unwrap_or("HEAD");
    let commit = [version.to_owned(), format!("origin/{version}")].into_iter().find_map(|name| {
        let name = format!("{name}^{{commit}}");
        let mut command = Command::new("git");
        command.args(["rev-parse", "--verify", "--quiet", "--end-of-options", &name]);
        run(&mut command, target).ok().map(|said| said.trim().to_owned())
    });
    let commit = commit.ok_or_else(|| format!("the repository {url} has no version '{version}'"))?;
    run(Command::new("git").args(["-c", "advice.detachedHead=false", "checkout", "--quiet", &commit]), target)?;
    Ok(())
}

fn run(command: &mut Command, directory: &Path) -> Result<String, String> {
    let output = command.current_dir(directory).env("GIT_TERMINAL_PROMPT", "0").stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("could not find/use git, it is required to continue: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line = words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ");
    Err(format!(
        "- command {line} failed in directory {} (rc={}) - {}",
        directory.display(),
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stderr)
    ))
}
