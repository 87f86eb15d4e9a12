//! The engines that are compared: Kapell as built from this tree, ansible-core, and ansible-core with Mitogen.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use crate::command::{cargo, command, run, stdout};
use crate::lab::Lab;

const ANSIBLE_CORE: &str = "ansible-core==2.19.14";
const MITOGEN: &str = "mitogen==0.3.54";
/// The community package of the same ansible-core; only these of its collections are unpacked.
const COLLECTIONS: &str = "ansible==12.3.0";
const UNPACKED: [&str; 4] = ["ansible/posix", "community/general", "community/mysql", "community/postgresql"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    Kapell,
    Ansible,
    Mitogen,
}

impl Engine {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kapell => "kapell",
            Self::Ansible => "ansible-core",
            Self::Mitogen => "ansible-core + Mitogen",
        }
    }
}

/// Which build of Kapell is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    /// The one that tests make anyway: for what is only looked at.
    Debug,
    /// What users run: for what is measured or handed out.
    Release,
}

/// Where the programs are.
pub(crate) struct Engines {
    kapell: Option<PathBuf>,
    ansible: Option<Ansible>,
}

struct Ansible {
    /// A virtual environment.
    environment: PathBuf,
    collections: PathBuf,
}

impl Engines {
    /// Builds or installs what `wanted` names.
    pub(crate) fn ensure(lab: &Lab, build: Build, wanted: &[Engine]) -> Result<Self> {
        let kapell = wanted.contains(&Engine::Kapell).then(|| build_kapell(lab, build)).transpose()?;
        let ansible = wanted.iter().any(|engine| *engine != Engine::Kapell);
        let ansible = ansible.then(|| Ansible::ensure(lab)).transpose()?;
        Ok(Self { kapell, ansible })
    }

    /// The words that come before a playbook's arguments.
    pub(crate) fn playbook(&self, engine: Engine) -> Vec<String> {
        self.program(engine, "ansible-playbook")
    }

    /// The words that come before the arguments of `ansible-inventory`.
    pub(crate) fn inventory(&self, engine: Engine) -> Vec<String> {
        self.program(engine, "ansible-inventory")
    }

    /// The words that come before the arguments of one of Ansible's programs.
    pub(crate) fn program(&self, engine: Engine, name: &str) -> Vec<String> {
        let path = |path: Option<PathBuf>| path.unwrap_or_default().display().to_string();
        match engine {
            Engine::Kapell => {
                let command = name.strip_prefix("ansible-").unwrap_or("run");
                vec![path(self.kapell.clone()), command.to_owned()]
            }
            Engine::Ansible | Engine::Mitogen => {
                vec![path(self.ansible.as_ref().map(|ansible| ansible.environment.join("bin").join(name)))]
            }
        }
    }

    /// Settings the engine needs, and a PATH on which only the system's own Pythons are found.
    pub(crate) fn prepare(&self, engine: Engine, command: &mut Command) -> Result<()> {
        command.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        if let (Engine::Ansible | Engine::Mitogen, Some(ansible)) = (engine, &self.ansible) {
            command.env("ANSIBLE_COLLECTIONS_PATH", &ansible.collections);
            if engine == Engine::Mitogen {
                command.env("ANSIBLE_STRATEGY", "mitogen_linear");
                command.env("ANSIBLE_STRATEGY_PLUGINS", ansible.mitogen_strategies()?);
            }
        }
        Ok(())
    }
}

/// A build beside the running xtask's own build directory.
fn build_kapell(lab: &Lab, wanted: Build) -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("KAPELL_BIN") {
        return Ok(given.into());
    }
    let mut build = cargo(lab.repository());
    build.args(["build", "--locked"]).args((wanted == Build::Release).then_some("--release"));
    let status = build.status().context("cannot start cargo")?;
    ensure!(status.success(), "kapell does not build");
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(2).context("xtask does not run from a target directory")?;
    let directory = if wanted == Build::Release { "release" } else { "debug" };
    Ok(target.join(directory).join("kapell"))
}

impl Ansible {
    /// Installs into the lab unless that has been done; `KAPELL_ANSIBLE` names an environment to use instead.
    fn ensure(lab: &Lab) -> Result<Self> {
        let environment = std::env::var_os("KAPELL_ANSIBLE").map_or_else(|| lab.path("ansible"), PathBuf::from);
        let ansible = Self { environment, collections: lab.path("collections") };
        fs_err::create_dir_all(lab.path(""))?;
        if !ansible.environment.join("bin/ansible-playbook").exists() {
            println!("installing {ANSIBLE_CORE} and {MITOGEN} into {}", ansible.environment.display());
            run(command(["/usr/bin/python3", "-m", "venv"]).arg(&ansible.environment))?;
            run(ansible.pip().args(["install", "--quiet", ANSIBLE_CORE, MITOGEN]))?;
        }
        let unpacked = ansible.collections.join("ansible_collections");
        if !UNPACKED.iter().all(|collection| unpacked.join(collection).exists()) {
            ansible.unpack_collections(&lab.path("collections.unfinished"))?;
        }
        Ok(ansible)
    }

    fn unpack_collections(&self, directory: &Path) -> Result<()> {
        println!("unpacking {} from {COLLECTIONS}", UNPACKED.join(", "));
        let _ = fs_err::remove_dir_all(directory);
        fs_err::create_dir_all(directory)?;
        run(self.pip().args(["download", "--quiet", "--no-deps", "--dest"]).arg(directory).arg(COLLECTIONS))?;
        let unpack = "import glob, sys, zipfile\n\
            wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0])\n\
            wanted = tuple('ansible_collections/%s/' % name for name in sys.argv[2:])\n\
            wheel.extractall(sys.argv[1] + '/unpacked', [n for n in wheel.namelist() if n.startswith(wanted)])";
        run(command([self.python(), "-c".into(), unpack.into()]).arg(directory).args(UNPACKED))?;
        if self.collections.exists() {
            fs_err::remove_dir_all(&self.collections)?;
        }
        fs_err::rename(directory.join("unpacked"), &self.collections)?;
        Ok(fs_err::remove_dir_all(directory)?)
    }

    fn mitogen_strategies(&self) -> Result<PathBuf> {
        let place = "import ansible_mitogen, os; print(os.path.dirname(ansible_mitogen.__file__))";
        let package = stdout(&mut command([self.python(), "-c".into(), place.into()]))?;
        Ok(Path::new(&package).join("plugins/strategy"))
    }

    fn python(&self) -> PathBuf {
        self.environment.join("bin/python")
    }

    fn pip(&self) -> Command {
        let mut pip = command([self.python()]);
        pip.args(["-m", "pip", "--disable-pip-version-check"]);
        pip
    }
}
