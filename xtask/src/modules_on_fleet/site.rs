//! `Site`: a fleet on which one engine plays the playbooks of `tests/fleet`, up from the first of them on.

use std::cell::Cell;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use super::played::Played;
use crate::engine::{Engine, Engines};
use crate::fleet::{self, Fleet, Variant};
use crate::lab::Lab;

/// A playbook that takes longer is ended, with exit code 124.
const PATIENCE: [&str; 3] = ["timeout", "--kill-after=5", "900"];

/// The runs of a playbook, in this order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pass {
    First,
    Second,
    /// After the two others, in check mode.
    Check,
}

impl Pass {
    pub(super) const ALL: &'static [Self] = &[Self::First, Self::Second, Self::Check];
    /// Of what changes something every time.
    pub(super) const ONCE: &'static [Self] = &[Self::First];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::First => "first run",
            Self::Second => "second run",
            Self::Check => "check mode",
        }
    }
}

pub(super) struct Site<'a> {
    pub(super) lab: &'a Lab,
    pub(super) engines: &'a Engines,
    pub(super) engine: Engine,
    pub(super) fleet: &'a str,
    pub(super) hosts: usize,
    /// Use the fleet as it is, and leave it up.
    pub(super) keep: bool,
    /// All playbooks are played: what one leaves behind is there for the next.
    pub(super) remembers: bool,
    pub(super) is_up: Cell<bool>,
}

impl Site<'_> {
    pub(super) fn play(&self, playbook: &str, passes: &[Pass]) -> Result<Vec<Played>> {
        passes.iter().map(|pass| self.play_once(playbook, *pass)).collect()
    }

    /// As `play`, but what was measured on a fresh fleet for the very same files is taken from the lab.
    pub(super) fn play_remembered(&self, playbook: &str, passes: &[Pass]) -> Result<Vec<Played>> {
        if self.keep || !self.remembers {
            return self.play(playbook, passes);
        }
        let memory = self.lab.path("conformance-memory");
        fs_err::create_dir_all(&memory)?;
        let fingerprint = self.fingerprint(playbook)?;
        let file = memory.join(format!("fleet-{playbook}-{}-{fingerprint:016x}.json", self.engine.name()));
        if let Some(played) = fs_err::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok()) {
            return Ok(played);
        }
        let played = self.play(playbook, passes)?;
        fs_err::write(file, serde_json::to_vec(&played)?)?;
        Ok(played)
    }

    pub(super) fn down(&self) -> Result<()> {
        if self.is_up.get() && !self.keep { self.fleet().down() } else { Ok(()) }
    }

    pub(super) fn log(&self, playbook: &str, pass: Pass) -> PathBuf {
        let engine = if self.engine == Engine::Kapell { "" } else { "-reference" };
        self.lab.path(format!("modules-{playbook}-{}{engine}.log", pass as usize + 1))
    }

    fn fleet(&self) -> Fleet {
        Fleet::new(self.lab, self.fleet)
    }

    fn ensure_up(&self) -> Result<Fleet> {
        let fleet = self.fleet();
        let is_there = self.is_up.get() || (self.keep && fleet.hosts().is_ok());
        if !is_there {
            fleet.up(self.lab, self.hosts, Variant::Modules)?;
        }
        self.is_up.set(true);
        Ok(fleet)
    }

    fn play_once(&self, playbook: &str, pass: Pass) -> Result<Played> {
        let fleet = self.ensure_up()?;
        let inventory = self.lab.path("fleet").join(self.fleet).join("modules.ini");
        fs_err::write(&inventory, fleet.inventory()?)?;
        let mut words = PATIENCE.map(str::to_owned).to_vec();
        words.extend(self.engines.playbook(self.engine));
        words.extend(["--diff", "-i"].map(str::to_owned));
        words.extend([inventory.display().to_string(), format!("tests/fleet/{playbook}.yml")]);
        words.extend(matches!(pass, Pass::Check).then(|| "--check".to_owned()));
        let mut inside = fleet.inside(self.lab, &words);
        self.engines.prepare(self.engine, &mut inside)?;
        // Two fleets and whatever else the machine does: a prompt may take its time.
        inside.env("ANSIBLE_TIMEOUT", "60");
        let log = self.log(playbook, pass);
        let file = fs_err::File::create(&log)?.into_file();
        let started = Instant::now();
        let status = inside.stdout(file.try_clone()?).stderr(file).status().context("cannot start the engine")?;
        let seconds = started.elapsed().as_secs_f32();
        Ok(Played::read(&fs_err::read_to_string(&log)?, status.success(), seconds))
    }

    /// Of all that decides what the playbook does.
    fn fingerprint(&self, playbook: &str) -> Result<u64> {
        let directory = self.lab.repository().join("tests/fleet");
        let mut hasher = DefaultHasher::new();
        (self.hosts, fleet::image_version()).hash(&mut hasher);
        fs_err::read(directory.join(format!("{playbook}.yml")))?.hash(&mut hasher);
        hash_files(&directory.join("files"), &mut hasher)?;
        Ok(hasher.finish())
    }
}

fn hash_files(directory: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    let entries = fs_err::read_dir(directory)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = entries.collect::<std::io::Result<_>>()?;
    paths.sort();
    for path in paths {
        (&path.file_name(), fs_err::read(&path)?).hash(hasher);
    }
    Ok(())
}
