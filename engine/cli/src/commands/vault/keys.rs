//! `Keys`: the passwords of a vault command, and the one of them to lock with.

use anyhow::{Result, anyhow};
use kapell_config::Settings;
use kapell_parsing::VaultSecrets;
use kapell_parsing::vault::{self, Opened, VaultError};

use super::args::RekeyArgs;
use super::vault_file::Input;
use crate::args::VaultArgs;
use crate::passwords::{self, PasswordSource, labelled};
use crate::refusal::Refusal;

pub(super) struct Keys {
    secrets: VaultSecrets,
    /// The vault id to lock with; the first of that id counts.
    encrypt_id: Option<String>,
    salt: Option<String>,
}

impl Keys {
    /// For what is locked already. Without any source the password is asked for.
    pub(super) fn to_open(args: &VaultArgs, settings: &Settings) -> Result<Self> {
        let secrets = passwords::vault_secrets(&asking(args, settings), settings)?;
        Ok(Self { secrets, encrypt_id: None, salt: settings.vault_encrypt_salt.clone() })
    }

    /// For locking: with several vault ids one of them has to be chosen.
    pub(super) fn to_lock(args: &VaultArgs, chosen: Option<&str>, settings: &Settings) -> Result<Self, Refusal> {
        let args = asking(args, settings);
        let encrypt_id = chosen.map(str::to_owned).or_else(|| settings.vault_encrypt_identity.clone());
        let secrets = passwords::collect(&args, settings, passwords::new_vault_password)?;
        let ids: Vec<&str> = secrets.iter().map(|(id, _)| id).collect();
        if ids.len() > 1 && encrypt_id.is_none() {
            return Err(Refusal::options(format!(
                "The vault-ids {} are available to encrypt. Specify the vault-id to encrypt with --encrypt-vault-id",
                ids.join(",")
            )));
        }
        let keys = Self { secrets, encrypt_id, salt: settings.vault_encrypt_salt.clone() };
        keys.locking()?;
        Ok(keys)
    }

    /// The new password of a file that changes its password.
    pub(super) fn to_rekey(args: &RekeyArgs, old: &Self, settings: &Settings) -> Result<Self> {
        let identity = &settings.vault_identity;
        let (id, source) = match (&args.new_vault_password_file, &args.new_vault_id) {
            (Some(file), _) => (identity.clone(), PasswordSource::File(file.clone())),
            (None, Some(id)) => labelled(id, identity),
            (None, None) => (identity.clone(), PasswordSource::PlainPrompt),
        };
        let mut secrets = VaultSecrets::default();
        secrets.push(&id, passwords::new_vault_password(&id, &source, &old.secrets)?);
        let salt = settings.vault_encrypt_salt.clone();
        Ok(Self { secrets, encrypt_id: args.encrypt_vault_id.clone(), salt })
    }

    /// The vault id and password to lock with.
    pub(super) fn locking(&self) -> Result<(&str, &[u8])> {
        let mut all = self.secrets.iter();
        let found = match &self.encrypt_id {
            None => all.next(),
            Some(wanted) => all.find(|(id, _)| id == wanted),
        };
        found.ok_or_else(|| {
            let known: Vec<String> = self.secrets.iter().map(|(id, _)| format!("'{id}'")).collect();
            let wanted = self.encrypt_id.as_deref().unwrap_or_default();
            let known = known.join(", ");
            anyhow!("Did not find a match for --encrypt-vault-id={wanted} in the known vault-ids [{known}]")
        })
    }

    /// Locks `plain` with the password to lock with.
    pub(super) fn lock(&self, plain: &[u8]) -> Result<Vec<u8>> {
        let (id, password) = self.locking()?;
        Ok(self.lock_as(plain, Some(id), password))
    }

    pub(super) fn lock_as(&self, plain: &[u8], label: Option<&str>, password: &[u8]) -> Vec<u8> {
        match &self.salt {
            Some(salt) => vault::encrypt_with_salt(plain, label, password, salt.as_bytes()),
            None => vault::encrypt(plain, label, password),
        }
    }

    pub(super) fn open(&self, input: &Input, data: &[u8]) -> Result<Opened> {
        vault::open(data, &self.secrets).map_err(|error| match error {
            VaultError::NotEncrypted => anyhow!("Input is not vault encrypted data. for {}", input.name()),
            VaultError::NoMatchingSecret(_) => {
                anyhow!("Decryption failed (no vault secrets were found that could decrypt). for {}", input.name())
            }
            error => anyhow!("{error} (in {})", input.name()),
        })
    }
}

/// Without any source of a password, it is asked for.
fn asking(args: &VaultArgs, settings: &Settings) -> VaultArgs {
    let ask = args.ask_vault_password || passwords::vault_sources(args, settings).is_empty();
    VaultArgs { ask_vault_password: ask, ..args.clone() }
}
