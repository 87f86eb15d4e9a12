//! `role install`: roles from archives, repositories, addresses and Galaxy servers, with the roles they need.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use kapell_callback::{Color, Display};
use kapell_parsing::{Diagnostic, Value};
use serde_json::Value as Json;

use super::collection_install::replace;
use super::role_source::RoleSource;
use super::roles::{install_info, installed_version, metadata, read, write_install_info};
use super::server::Server;
use super::version::compare;
use super::{archive, git};
use crate::refusal::Refusal;

/// How many roles may need each other.
const MOST_ROLES: usize = 10_000;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    pub force: bool,
    pub force_with_deps: bool,
    pub no_deps: bool,
    pub ignore_errors: bool,
    pub keep_scm_meta: bool,
}

pub(crate) struct Install<'a> {
    pub servers: &'a [Server],
    pub options: Options,
    /// Where they go.
    pub target: PathBuf,
    pub display: &'a Display,
}

impl Install<'_> {
    pub(crate) fn run(&self, roles: Vec<RoleSource>, warnings: &mut Vec<Diagnostic>) -> Result<(), Refusal> {
        self.say("Starting galaxy role install process");
        let mut open: VecDeque<RoleSource> = roles.into();
        let mut count = 0;
        while let Some(mut role) = open.pop_front() {
            count += 1;
            if count > MOST_ROLES {
                return Err(Diagnostic::error(format!("these roles need more than {MOST_ROLES} others")).into());
            }
            if !self.is_wanted(&role, warnings)? {
                continue;
            }
            if let Err(why) = self.install(&mut role) {
                let message = format!("- {} was NOT installed successfully: {why}", role.name);
                warnings.push(Diagnostic::warning(message));
                if self.options.ignore_errors {
                    continue;
                }
                let message = "- you can use --ignore-errors to skip failed roles and finish processing the list.";
                return Err(Diagnostic::error(message).into());
            }
            self.say(&format!("- {} was installed successfully", role.shown()));
            if !self.options.no_deps {
                self.add_dependencies(&role, &mut open)?;
            }
        }
        Ok(())
    }

    fn say(&self, text: &str) {
        self.display.out(text, Color::Plain);
    }

    fn path(&self, role: &RoleSource) -> PathBuf {
        self.target.join(&role.name)
    }

    /// Whether the role is not there yet, or is to be put there again.
    fn is_wanted(&self, role: &RoleSource, warnings: &mut Vec<Diagnostic>) -> Result<bool, Refusal> {
        let Some(info) = install_info(&self.path(role)) else { return Ok(true) };
        let installed = installed_version(&info).filter(|version| !version.is_empty());
        let shown = installed.as_deref().unwrap_or("None");
        let wanted = role.version.as_deref().unwrap_or("unspecified");
        if self.options.force || self.options.force_with_deps {
            self.say(&format!("- changing role {} from {shown} to {wanted}", role.name));
            fs_err::remove_dir_all(self.path(role))?;
            return Ok(true);
        }
        if installed == role.version {
            self.say(&format!("- {} is already installed, skipping.", role.shown()));
        } else {
            let name = &role.name;
            let message =
                format!("- {name} ({shown}) is already installed - use --force to change version to {wanted}");
            warnings.push(Diagnostic::warning(message));
        }
        Ok(false)
    }

    fn install(&self, role: &mut RoleSource) -> Result<(), String> {
        let text = |error: std::io::Error| error.to_string();
        fs_err::create_dir_all(&self.target).map_err(text)?;
        let fresh = tempfile::Builder::new().prefix(".kapell-").tempdir_in(&self.target).map_err(text)?;
        let inner = fresh.path().join("role");
        let path = self.path(role);
        if path.exists() && !path.is_dir() {
            return Err("the specified roles path exists and is not a directory.".into());
        }
        if path.exists() && metadata(&path).is_none() {
            let message = "the specified directory doesn't appear to contain an Ansible Galaxy role.";
            return Err(format!("{message} ({})", path.display()));
        }
        let extracting = || self.say(&format!("- extracting {} to {}", role.name, path.display()));
        if role.git {
            git::checkout(&role.src, role.version.as_deref(), &inner)?;
            if metadata(&inner).is_none() {
                return Err("this role does not appear to have a meta/main.yml file.".into());
            }
            if !self.options.keep_scm_meta {
                fs_err::remove_dir_all(inner.join(".git")).map_err(text)?;
            }
            extracting();
        } else {
            let bytes = self.archive(role)?;
            let root = root(&bytes)?;
            self.say(&format!("- extracting {} to {}", role.name, path.display()));
            fs_err::create_dir(&inner).map_err(text)?;
            archive::unpack(&bytes, &inner, &|path| path.strip_prefix(&root).ok().map(Path::to_owned))?;
        }
        write_install_info(&inner, role.version.as_deref()).map_err(first_message)?;
        replace(&inner, &path).map_err(first_message)
    }

    /// The archive of a role that is not in a repository.
    fn archive(&self, role: &mut RoleSource) -> Result<Vec<u8>, String> {
        if !role.is_of_galaxy() {
            if Path::new(&role.src).is_file() {
                return fs_err::read(&role.src).map_err(|error| error.to_string());
            }
            self.say(&format!("- downloading role from {}", role.src));
            return match role.src.strip_prefix("file://") {
                Some(path) => fs_err::read(path).map_err(|error| error.to_string()),
                None => self.server()?.download(&role.src),
            };
        }
        let (owner, name) = role
            .src
            .rsplit_once('.')
            .ok_or_else(|| format!("'{}' is no file, no address and no OWNER.ROLE of a Galaxy server", role.src))?;
        let server = self.server()?;
        let Some(about) = server.role(owner, name)? else {
            return Err(format!("- sorry, {} was not found on {}.", role.src, server.url()));
        };
        self.say(&format!("- downloading role '{name}', owned by {owner}"));
        let id = about.get("id").and_then(Json::as_u64).ok_or("the server names no number of the role")?;
        let versions = server.role_versions(id)?;
        let found = choose(&versions, role.version.as_deref()).map_err(|names| {
            format!(
                "- the specified version ({}) of {} was not found in the list of available versions ({names}).",
                role.version.as_deref().unwrap_or("None"),
                role.name
            )
        })?;
        let url = match found {
            Some((version, url)) => {
                role.version = Some(version);
                url
            }
            // A role without versions: what its branch holds.
            None => {
                let text = |key: &str| about.get(key).and_then(Json::as_str).unwrap_or_default();
                let reference = role.version.clone().unwrap_or_else(|| text("github_branch").to_owned());
                let (user, repository) = (text("github_user"), text("github_repo"));
                format!("https://github.com/{user}/{repository}/archive/{reference}.tar.gz")
            }
        };
        self.say(&format!("- downloading role from {url}"));
        server.download(&url)
    }

    fn server(&self) -> Result<&Server, String> {
        self.servers.first().ok_or_else(|| "there is no Galaxy server to ask".to_owned())
    }

    /// What `meta/requirements.yml` and `dependencies` of `meta/main.yml` name.
    fn add_dependencies(&self, role: &RoleSource, open: &mut VecDeque<RoleSource>) -> Result<(), Refusal> {
        let path = self.path(role);
        let required =
            ["requirements.yml", "requirements.yaml"].iter().find_map(|name| read(&path.join("meta").join(name)));
        let named = required.or_else(|| metadata(&path)?.get("dependencies").cloned());
        for entry in named.as_ref().and_then(Value::as_list).unwrap_or_default() {
            let needed =
                RoleSource::of_entry(entry).map_err(|why| Refusal::from(Diagnostic::error(why).at(entry.origin())))?;
            let is_bare = needed.is_of_galaxy() && !needed.src.contains('.');
            if is_bare {
                // A role of the same project: nobody knows where it could be had.
                continue;
            }
            let shown = needed.shown();
            let info = install_info(&self.path(&needed));
            if info.is_none() {
                if open.iter().any(|waiting| waiting.name == needed.name) {
                    self.say(&format!("- dependency {} already pending installation.", needed.name));
                } else {
                    self.say(&format!("- adding dependency: {shown}"));
                    open.push_back(needed);
                }
            } else if self.options.force_with_deps {
                open.push_back(needed);
            } else {
                self.say(&format!("- dependency {} is already installed, skipping.", needed.name));
            }
        }
        Ok(())
    }
}

fn first_message(refusal: Refusal) -> String {
    refusal.errors.into_iter().next().map(|error| error.message).unwrap_or_default()
}

/// The directory in the archive that is the role: the one with `meta/main.yml`, the outermost.
fn root(bytes: &[u8]) -> Result<PathBuf, String> {
    let names = archive::names(bytes)?;
    let is_meta = |path: &&PathBuf| path.ends_with("meta/main.yml") || path.ends_with("meta/main.yaml");
    let found = names.iter().filter(is_meta).min_by_key(|path| path.components().count());
    let root = found.and_then(|path| path.parent()?.parent());
    root.map(Path::to_owned).ok_or_else(|| "this role does not appear to have a meta/main.yml file.".into())
}

/// The version asked for or the highest, and its address; the names there are when it is not among them.
fn choose(versions: &[Json], wanted: Option<&str>) -> Result<Option<(String, String)>, String> {
    let text = |version: &Json, key: &str| version.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let names: Vec<String> = versions.iter().map(|version| text(version, "name")).collect();
    if versions.is_empty() {
        return Ok(None);
    }
    let loose = |name: &str| name.strip_prefix('v').unwrap_or(name).to_owned();
    let found = match wanted {
        Some(wanted) => names.iter().position(|name| name == wanted),
        None => (0..names.len()).max_by(|a, b| {
            let order = compare(&loose(&names[*a]), &loose(&names[*b]));
            order.unwrap_or_else(|| names[*a].cmp(&names[*b]))
        }),
    };
    let index = found.ok_or_else(|| names.join(", "))?;
    Ok(Some((names[index].clone(), text(&versions[index], "download_url"))))
}
