//! `amazon.aws.ec2_key`: key pairs, made by AWS or of a public key.

use std::io::Write;
use std::path::Path;

use aws_sdk_ec2::primitives::Blob;
use aws_sdk_ec2::types::{KeyPairInfo, KeyType, ResourceType};
use kapell_executor::controller_module::ControllerModule;
use kapell_modules::Map;
use serde_json::Value as Json;

use super::cloud::{self, Cloud, Outcome, result};
use super::{module, tags};
use crate::api_error::ApiError;
use crate::shape::Shape;
use crate::tables::ec2_key;

pub(super) const MODULE: ControllerModule = module(&ec2_key::TABLE, |call| cloud::run(call, run));

async fn run(cloud: Cloud) -> Outcome {
    let name = cloud.args.opt_str("name").unwrap_or_default().to_owned();
    let existing = find(&cloud, &name).await?;
    if cloud.wants_absent() {
        return remove(&cloud, &name, existing.is_some()).await;
    }
    let Some(existing) = existing else {
        let key = if cloud.check { Json::Null } else { make(&cloud, &name).await? };
        return Ok(told(true, "key pair created", key));
    };
    if cloud.args.bool("force") && is_other(&cloud, &existing).await? {
        if cloud.check {
            return Ok(told(true, "key pair updated", Json::Null));
        }
        delete(&cloud, &name).await?;
        let key = make(&cloud, &name).await?;
        return Ok(told(true, "key pair updated", key));
    }
    let mut key = described(&existing);
    let current = tags::current(&key);
    let id = existing.key_pair_id().unwrap_or_default();
    let (changed, tags) = tags::settle(&cloud, id, &current, cloud.args.dict("tags")).await?;
    key.insert("tags".to_owned(), tags.into());
    Ok(told(changed, "key pair already exists", key.into()))
}

fn told(changed: bool, msg: &str, key: Json) -> Map {
    result(changed, [("key", key), ("msg", msg.into())])
}

async fn find(cloud: &Cloud, name: &str) -> Result<Option<KeyPairInfo>, ApiError> {
    match cloud.client.describe_key_pairs().key_names(name).send().await.map_err(cloud.failed("DescribeKeyPairs")) {
        Ok(found) => Ok(found.key_pairs.unwrap_or_default().into_iter().next()),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn remove(cloud: &Cloud, name: &str, exists: bool) -> Outcome {
    if !exists {
        return Ok(told(false, "key did not exist", Json::Null));
    }
    if !cloud.check {
        delete(cloud, name).await?;
    }
    Ok(told(true, "key deleted", Json::Null))
}

async fn delete(cloud: &Cloud, name: &str) -> Result<(), ApiError> {
    cloud.client.delete_key_pair().key_name(name).send().await.map_err(cloud.failed("DeleteKeyPair"))?;
    Ok(())
}

/// Whether the key pair is not the one that is asked for.
async fn is_other(cloud: &Cloud, existing: &KeyPairInfo) -> Result<bool, ApiError> {
    if let Some(material) = cloud.args.opt_str("key_material") {
        return Ok(existing.key_fingerprint() != Some(fingerprint(cloud, material).await?.as_str()));
    }
    let kind = existing.key_type().map(KeyType::as_str);
    Ok(cloud.args.opt_str("key_type").is_some_and(|wanted| kind.is_some_and(|kind| kind != wanted)))
}

/// AWS has its own ways to compute fingerprints: it is asked, with a key pair that is there for a moment.
async fn fingerprint(cloud: &Cloud, material: &str) -> Result<String, ApiError> {
    let name = format!("kapell-{}-{:?}", std::process::id(), std::time::SystemTime::now());
    let call = cloud.client.import_key_pair().key_name(&name).public_key_material(Blob::new(material));
    let imported = call.send().await.map_err(cloud.failed("ImportKeyPair"))?;
    delete(cloud, &name).await?;
    Ok(imported.key_fingerprint.unwrap_or_default())
}

/// Makes the key pair; a new private key goes into the file, or else into the result.
async fn make(cloud: &Cloud, name: &str) -> Result<Json, ApiError> {
    let wanted = cloud.args.dict("tags");
    let specifications = tags::of_new(ResourceType::KeyPair, wanted);
    let mut key = Map::new();
    let mut put = |name: &str, value: Option<Json>| {
        if let Some(value) = value {
            key.insert(name.to_owned(), value);
        }
    };
    if let Some(material) = cloud.args.opt_str("key_material") {
        let call = cloud.client.import_key_pair().key_name(name).public_key_material(Blob::new(material));
        let made = call.set_tag_specifications(specifications).send().await.map_err(cloud.failed("ImportKeyPair"))?;
        put("fingerprint", made.key_fingerprint.json());
        put("id", made.key_pair_id.json());
    } else {
        let file = cloud.args.opt_path("file_name");
        if let Some(file) = &file {
            check_writable(file)?;
        }
        let kind = cloud.args.opt_str("key_type");
        let call = cloud.client.create_key_pair().key_name(name).set_key_type(kind.map(KeyType::from));
        let made = call.set_tag_specifications(specifications).send().await.map_err(cloud.failed("CreateKeyPair"))?;
        put("fingerprint", made.key_fingerprint.json());
        put("id", made.key_pair_id.json());
        put("type", kind.map(Json::from));
        match (file, made.key_material) {
            (Some(file), Some(private)) => write_private(&file, &private)?,
            (_, private) => put("private_key", private.map(Json::from)),
        }
    }
    put("name", Some(name.into()));
    put("tags", Some(wanted.cloned().unwrap_or_default().into()));
    Ok(key.into())
}

/// AWS tells a private key once: better no key pair than one whose key cannot be kept.
fn check_writable(file: &Path) -> Result<(), ApiError> {
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::NamedTempFile::new_in(dir).map_err(|error| unwritable(file, &error.to_string()))?;
    Ok(())
}

/// Whole or not at all, for its owner only.
fn write_private(file: &Path, private: &str) -> Result<(), ApiError> {
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Temporary files have the mode 0600 from the start.
    let write = || {
        let mut written = tempfile::NamedTempFile::new_in(dir)?;
        written.write_all(private.as_bytes())?;
        written.as_file().sync_all()?;
        written.persist(file)?;
        Ok::<_, std::io::Error>(())
    };
    write().map_err(|error| unwritable(file, &error.to_string()))
}

fn unwritable(file: &Path, why: &str) -> ApiError {
    ApiError::new(format!("cannot write the private key to '{}': {why}", file.display()))
}

fn described(pair: &KeyPairInfo) -> Map {
    let mut key = crate::shape::described(pair);
    let mut told = Map::new();
    for (ours, theirs) in [
        ("fingerprint", "key_fingerprint"),
        ("id", "key_pair_id"),
        ("name", "key_name"),
        ("tags", "tags"),
        ("type", "key_type"),
    ] {
        told.extend(key.shift_remove(theirs).map(|value| (ours.to_owned(), value)));
    }
    told
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_private_key_is_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("web.key");
        fs_err::write(&file, "old").unwrap();
        write_private(&file, "secret\n").unwrap();
        assert_eq!(fs_err::read_to_string(&file).unwrap(), "secret\n");
        assert_eq!(fs_err::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(check_writable(&dir.path().join("no/such")).is_err());
    }
}
