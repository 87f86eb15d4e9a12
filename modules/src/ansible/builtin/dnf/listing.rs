//! `list`: packages and repositories, as the module's result rather than its work.

use serde_json::{Value, json};

use super::request::Request;
use crate::{Context, ModuleError, ModuleResult};

const FORMAT: &str = "%{name}|%{arch}|%{epoch}|%{release}|%{version}|%{repoid}\\n";

/// `installed`, `available`, `updates`, `repos`, or a package.
pub(super) fn list(what: &str, request: &Request, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let results = match what {
        "installed" => query(&["--installed"], request, cx)?,
        "available" => query(&["--available"], request, cx)?,
        "updates" | "upgrades" => query(&["--upgrades"], request, cx)?,
        "repos" | "repositories" => repositories(request, cx)?,
        package => {
            let mut found = query(&["--installed", "--", package], request, cx)?;
            found.extend(query(&["--available", "--", package], request, cx)?);
            found
        }
    };
    Ok(ModuleResult::ok().msg("").set("results", results))
}

fn query(words: &[&str], request: &Request, cx: &mut Context<'_>) -> Result<Vec<Value>, ModuleError> {
    let words: Vec<&str> =
        ["repoquery", "--quiet", "--queryformat", FORMAT].into_iter().chain(words.iter().copied()).collect();
    let output = cx.run_read(&request.command("-y", &words))?;
    if !output.ok() {
        return Err(super::failed(output.stderr().trim().to_owned()));
    }
    Ok(output.stdout().lines().filter_map(package).collect())
}

fn package(line: &str) -> Option<Value> {
    let fields: Vec<&str> = line.trim().split('|').collect();
    let [name, arch, epoch, release, version, repo] = fields[..] else { return None };
    let nevra = format!("{epoch}:{name}-{version}-{release}.{arch}");
    let is_installed = repo.starts_with('@');
    Some(json!({"name": name, "arch": arch, "epoch": epoch, "release": release, "version": version, "repo": repo,
        "envra": nevra, "nevra": nevra, "yumstate": if is_installed { "installed" } else { "available" }}))
}

fn repositories(request: &Request, cx: &mut Context<'_>) -> Result<Vec<Value>, ModuleError> {
    let output = cx.run_read(&request.command("-y", &["repolist", "--quiet", "--enabled"]))?;
    let ids = output
        .stdout()
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect::<Vec<_>>();
    Ok(ids.into_iter().map(|id| json!({"repoid": id, "state": "enabled"})).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_have_all_their_parts() {
        let found = package("foo|noarch|0|1|2.0|@System").unwrap();
        assert_eq!(found["nevra"], "0:foo-2.0-1.noarch");
        assert_eq!(found["yumstate"], "installed");
        assert_eq!(package("warning"), None);
    }
}
