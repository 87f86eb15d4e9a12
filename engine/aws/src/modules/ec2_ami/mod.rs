//! `amazon.aws.ec2_ami`: machine images made of instances or snapshots, shared, and deregistered.

mod creation;
mod permissions;

use aws_sdk_ec2::types::{AttributeValue, Image};
use kapell_executor::controller_module::ControllerModule;
use kapell_modules::Map;
use serde_json::{Value as Json, json};

use super::cloud::{self, Cloud, Outcome, filter, result};
use super::image_query::{image, launch_permissions, own_images, permissions_told};
use super::{module, tags};
use crate::api_error::ApiError;
use crate::shape::described;
use crate::tables::ec2_ami;

pub(super) const MODULE: ControllerModule = module(&ec2_ami::TABLE, |call| cloud::run(call, run));

async fn run(cloud: Cloud) -> Outcome {
    if cloud.text("tpm_support").is_some() && cloud.args.opt_str("boot_mode") != Some("uefi") {
        return Err(ApiError::new("To specify 'tpm_support', 'boot_mode' must be 'uefi'."));
    }
    match cloud.text("image_id") {
        Some(id) if cloud.wants_absent() => deregister(&cloud, &id).await,
        Some(id) => update(&cloud, &id).await,
        None if cloud.text("name").is_none() => Err(ApiError::new("one of the following is required: name, image_id")),
        None => create(&cloud).await,
    }
}

/// A name can be used once.
async fn create(cloud: &Cloud) -> Outcome {
    if cloud.check {
        let taken = own_images(cloud, vec![filter("name", cloud.text("name"))]).await?;
        return Ok(match taken.is_empty() {
            true => result(true, [("msg", "Would have created a AMI if not in check mode.".into())]),
            false => result(false, [("msg", NAME_IS_TAKEN.into())]),
        });
    }
    let id = match creation::create(cloud).await {
        Err(error) if error.is_code("InvalidAMIName.Duplicate") => {
            let taken = own_images(cloud, vec![filter("name", cloud.text("name"))]).await?;
            let Some(taken) = taken.first() else { return Err(error) };
            return told(cloud, taken, false, NAME_IS_TAKEN).await;
        }
        created => created?,
    };
    let look = async || {
        let image = image(cloud, &id).await?;
        let state = |image: &Image| image.state().map_or_else(String::new, |state| state.as_str().to_owned());
        match image.map(|image| (state(&image), image)) {
            Some((state, _)) if state == "failed" => Err(ApiError::new(format!("making the image {id} has failed"))),
            Some((state, image)) if !cloud.waits() || state == "available" => Ok(Some(image)),
            _ => Ok(None),
        }
    };
    let made = cloud.until(&format!("the new image {id} is not available"), look).await?;
    let shared = permissions::settle(cloud, &id).await?;
    let tags = cloud.args.dict("tags");
    let (tagged, _) = tags::settle(cloud, &id, &tags::current(&described(&made)), tags).await?;
    let now = if shared | tagged { image(cloud, &id).await?.unwrap_or(made) } else { made };
    told(cloud, &now, true, "AMI creation operation complete.").await
}

const NAME_IS_TAKEN: &str = "Error registering image: AMI name is already in use by another AMI";

async fn update(cloud: &Cloud, id: &str) -> Outcome {
    let missing = || ApiError::new(format!("Image {id} does not exist"));
    let current = image(cloud, id).await?.ok_or_else(missing)?;
    if cloud.check {
        return Ok(result(true, [("msg", "Would have updated AMI if not in check mode.".into())]));
    }
    let mut changed = permissions::settle(cloud, id).await?;
    changed |= tags::settle(cloud, id, &tags::current(&described(&current)), cloud.args.dict("tags")).await?.0;
    if let Some(text) = cloud.text("description").filter(|text| current.description() != Some(text)) {
        let value = AttributeValue::builder().value(text).build();
        let call = cloud.client.modify_image_attribute().image_id(id).attribute("description").description(value);
        call.send().await.map_err(cloud.failed("ModifyImageAttribute"))?;
        changed = true;
    }
    let now = if changed { image(cloud, id).await?.unwrap_or(current) } else { current };
    told(cloud, &now, changed, if changed { "AMI updated." } else { "AMI not updated." }).await
}

/// The snapshots behind an image outlive it unless `delete_snapshot` says otherwise.
async fn deregister(cloud: &Cloud, id: &str) -> Outcome {
    let Some(image) = image(cloud, id).await? else { return Ok(result(false, [])) };
    if cloud.check {
        return Ok(result(true, [("msg", "Would have deregistered AMI if not in check mode.".into())]));
    }
    cloud.client.deregister_image().image_id(id).send().await.map_err(cloud.failed("DeregisterImage"))?;
    if cloud.waits() {
        cloud.until(&format!("the image {id} is not deregistered"), || gone(cloud, id)).await?;
    }
    let mut answer = result(true, [("msg", "AMI deregister operation complete.".into())]);
    if cloud.args.bool("delete_snapshot") {
        answer.insert("snapshots_deleted".to_owned(), delete_snapshots(cloud, &image).await?.into());
    }
    Ok(answer)
}

async fn gone(cloud: &Cloud, id: &str) -> Result<Option<()>, ApiError> {
    match image(cloud, id).await {
        Ok(None) => Ok(Some(())),
        Err(error) if error.is_not_found() => Ok(Some(())),
        Ok(Some(image)) => Ok(image.state().filter(|state| state.as_str() == "deregistered").map(drop)),
        Err(error) => Err(error),
    }
}

async fn delete_snapshots(cloud: &Cloud, image: &Image) -> Result<Vec<String>, ApiError> {
    let devices = image.block_device_mappings().iter();
    let snapshots = devices.filter_map(|device| device.ebs().and_then(|ebs| ebs.snapshot_id()));
    let mut deleted = Vec::new();
    for snapshot in snapshots {
        let call = cloud.client.delete_snapshot().snapshot_id(snapshot);
        match call.send().await.map_err(cloud.failed("DeleteSnapshot")) {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => deleted.push(snapshot.to_owned()),
        }
    }
    Ok(deleted)
}

/// An image as results show it; what the API left out is null.
async fn told(cloud: &Cloud, image: &Image, changed: bool, msg: &'static str) -> Outcome {
    let permissions = launch_permissions(cloud, image.image_id().unwrap_or_default()).await?;
    let mut map = described(image);
    let mut answer = result(changed, [("msg", msg.into()), ("launch_permissions", permissions_told(&permissions))]);
    let mappings = map.shift_remove("block_device_mappings").unwrap_or_default();
    answer.insert("block_device_mapping".to_owned(), devices_told(&mappings).into());
    for (ours, theirs) in SHOWN {
        answer.insert((*ours).to_owned(), map.shift_remove(*theirs).unwrap_or_default());
    }
    let codes = answer.get("product_codes").filter(|codes| codes.is_array()).cloned().unwrap_or_else(|| json!([]));
    answer.insert("product_codes".to_owned(), codes);
    Ok(answer)
}

const SHOWN: &[(&str, &str)] = &[
    ("architecture", "architecture"),
    ("creationDate", "creation_date"),
    ("description", "description"),
    ("enhanced_networking", "ena_support"),
    ("hypervisor", "hypervisor"),
    ("image_id", "image_id"),
    ("image_owner_alias", "image_owner_alias"),
    ("image_type", "image_type"),
    ("is_public", "public"),
    ("kernel_id", "kernel_id"),
    ("location", "image_location"),
    ("name", "name"),
    ("ownerId", "owner_id"),
    ("platform", "platform"),
    ("product_codes", "product_codes"),
    ("ramdisk_id", "ramdisk_id"),
    ("root_device_name", "root_device_name"),
    ("root_device_type", "root_device_type"),
    ("sriov_net_support", "sriov_net_support"),
    ("state", "state"),
    ("state_reason", "state_reason"),
    ("tags", "tags"),
    ("virtualization_type", "virtualization_type"),
];

fn devices_told(mappings: &Json) -> Map {
    let told = |mapping: &Json| {
        let name = mapping.get("device_name").and_then(Json::as_str).unwrap_or_default().to_owned();
        let get = |field: &str| mapping.get("ebs").and_then(|ebs| ebs.get(field)).cloned().unwrap_or_default();
        let device = json!({
            "size": get("volume_size"),
            "snapshot_id": get("snapshot_id"),
            "volume_type": get("volume_type"),
            "encrypted": get("encrypted"),
            "delete_on_termination": get("delete_on_termination"),
        });
        (name, device)
    };
    mappings.as_array().into_iter().flatten().map(told).collect()
}
