//! `PlayVariables`: what a play sets before any of its hosts is known; its own keywords are made of it.

use kapell_config::Settings;
use kapell_parsing::vault::VaultSecrets;
use kapell_parsing::{Diagnostic, Key, Map, Value};
use kapell_playbook::Play;

use crate::variables::{VarsFiles, combine, load_vars_files};

pub struct PlayVariables {
    pub role_defaults: Map,
    pub vars_files: VarsFiles,
    pub role_vars: Map,
}

impl PlayVariables {
    /// Reads the files whose names are plain, and puts together what the play's roles let everybody see.
    pub fn read(
        play: &Play,
        settings: &Settings,
        vault: &VaultSecrets,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Self, Diagnostic> {
        let behaviour = settings.hash_behaviour;
        let vars_files = load_vars_files((behaviour, vault), &play.vars_files, &play.basedir, warnings)?;
        let (mut role_defaults, mut role_vars) = (Map::new(), Map::new());
        for role in play.roles.iter().filter(|role| role.public) {
            combine(&mut role_defaults, &role.defaults, behaviour);
            combine(&mut role_vars, &role.vars, behaviour);
        }
        Ok(Self { role_defaults, vars_files, role_vars })
    }

    /// All of it for a play nobody runs: its questions are answered by what they offer.
    pub fn of_listed(play: &Play, settings: &Settings, vault: &VaultSecrets) -> Result<Map, Diagnostic> {
        let known = Self::read(play, settings, vault, &mut Vec::new())?;
        let mut merged = known.role_defaults;
        for level in [&play.vars, &offered_answers(play), &known.vars_files.fixed, &known.role_vars] {
            combine(&mut merged, level, settings.hash_behaviour);
        }
        Ok(merged)
    }
}

fn offered_answers(play: &Play) -> Map {
    let questions = play.vars_prompt.as_list().unwrap_or_default().iter().filter_map(Value::as_map);
    let offered = |question: &Map| {
        let name = Key::from(question.get("name")?.to_string().as_str());
        Some((name, question.get("default").cloned().unwrap_or(Value::Null)))
    };
    questions.filter_map(offered).collect()
}
