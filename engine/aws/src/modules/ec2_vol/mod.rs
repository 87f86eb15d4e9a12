//! `amazon.aws.ec2_vol`: volumes made, changed, attached to an instance, detached and deleted.

mod args;
mod attachment;
mod settings;

use aws_sdk_ec2::types::{Filter, ResourceType, Volume, VolumeType};
use kapell_executor::controller_module::ControllerModule;
use kapell_modules::Map;
use serde_json::Value as Json;

use self::attachment::Target;
use super::cloud::{self, Cloud, Outcome, filter, result};
use super::{module, tags};
use crate::api_error::ApiError;
use crate::shape::described;
use crate::tables::ec2_vol;

pub(super) const MODULE: ControllerModule = module(&ec2_vol::TABLE, |call| cloud::run(call, run));

async fn run(cloud: Cloud) -> Outcome {
    args::check(&cloud.args)?;
    if cloud.wants_absent() {
        return remove(&cloud).await;
    }
    let target = Target::of(&cloud).await?;
    let zone = target.zone().map_or_else(|| cloud.text("zone"), |zone| Some(zone.to_owned()));
    let found = find(&cloud, zone.as_deref()).await?;
    if let Some(occupied) = target.occupied(found.as_ref()) {
        return Ok(occupied);
    }
    if cloud.check && found.is_none() {
        return Ok(told_only("Would have created a volume if not in check mode."));
    }
    let (volume, made) = match found {
        Some(volume) => (volume, false),
        None => (create(&cloud, zone).await?, true),
    };
    let modified = if made { None } else { settings::settle(&cloud, &volume).await? };
    if modified.is_some() && cloud.check {
        return Ok(told_only("Would have updated volume if not in check mode."));
    }
    let moved = target.settle(&cloud, &volume).await?;
    if moved && cloud.check {
        return Ok(told_only(match target {
            Target::Nowhere => "Would have detached volume if not in check mode.",
            _ => "Would have attached volume if not in check mode.",
        }));
    }
    let id = volume.volume_id().unwrap_or_default();
    let wanted = tags::wanted(&cloud).filter(|_| !made);
    let (tagged, now_tagged) = tags::settle(&cloud, id, &tags::current(&described(&volume)), wanted.as_ref()).await?;
    let now = if moved && !cloud.check { by_id(&cloud, id).await? } else { volume };
    let mut map = told(&now);
    if !cloud.check {
        map.insert("tags".to_owned(), now_tagged.into());
    }
    map.extend(modified.iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    let kind = map.get("type").cloned().unwrap_or_default();
    let (device, id) = (target.device().map(str::to_owned).into(), map.get("id").cloned().unwrap_or_default());
    let changed = made | modified.is_some() | moved | tagged;
    Ok(result(changed, [("device", device), ("volume", map.into()), ("volume_id", id), ("volume_type", kind)]))
}

fn told_only(msg: &'static str) -> Map {
    result(true, [("msg", msg.into())])
}

/// A volume as the results show it; what the API left out is null.
pub(super) fn told(volume: &Volume) -> Map {
    let mut map = described(volume);
    let mut take = |name: &str| map.shift_remove(name).unwrap_or_default();
    let attachments: Vec<Json> = take("attachments").as_array().into_iter().flatten().map(attachment::told).collect();
    let entries = [
        ("attachment_set", Json::from(attachments)),
        ("create_time", take("create_time")),
        ("encrypted", take("encrypted")),
        ("id", take("volume_id")),
        ("iops", take("iops")),
        ("multi_attach_enabled", take("multi_attach_enabled")),
        ("size", take("size")),
        ("snapshot_id", take("snapshot_id")),
        ("status", take("state")),
        ("tags", take("tags")),
        ("throughput", take("throughput")),
        ("type", take("volume_type")),
        ("zone", take("availability_zone")),
    ];
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The volumes with these ids (all when there are none) that match the filters, page by page.
pub(super) async fn volumes(cloud: &Cloud, ids: Vec<String>, filters: Vec<Filter>) -> Result<Vec<Volume>, ApiError> {
    let ids = (!ids.is_empty()).then_some(ids);
    let call = cloud.client.describe_volumes().set_volume_ids(ids).set_filters(Some(filters));
    let mut pages = call.into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        all.extend(page.map_err(|error| cloud.failed("DescribeVolumes")(error))?.volumes.unwrap_or_default());
    }
    Ok(all)
}

async fn by_id(cloud: &Cloud, id: &str) -> Result<Volume, ApiError> {
    let missing = || ApiError::new(format!("Could not find volume with id: {id}"));
    match volumes(cloud, vec![id.to_owned()], Vec::new()).await {
        Ok(found) => found.into_iter().next().ok_or_else(missing),
        Err(error) if error.is_not_found() => Err(missing()),
        Err(error) => Err(error),
    }
}

/// The volume that is named by its id, or by its name within the zone.
async fn find(cloud: &Cloud, zone: Option<&str>) -> Result<Option<Volume>, ApiError> {
    if let Some(id) = cloud.text("id") {
        return by_id(cloud, &id).await.map(Some);
    }
    let Some(name) = cloud.text("name") else { return Ok(None) };
    let mut filters = vec![filter("tag:Name", [&name])];
    filters.extend(zone.map(|zone| filter("availability-zone", [zone])));
    let mut found = volumes(cloud, Vec::new(), filters).await?;
    if found.len() > 1 {
        let message = format!("Found more than one volume in zone (if specified) with name: {name}");
        return Err(ApiError::new(message).hint("name one of them with id"));
    }
    Ok(found.pop())
}

async fn create(cloud: &Cloud, zone: Option<String>) -> Result<Volume, ApiError> {
    let tags = tags::named(cloud);
    let call = cloud
        .client
        .create_volume()
        .set_availability_zone(zone)
        .set_size(cloud.number("volume_size"))
        .set_volume_type(cloud.args.opt_str("volume_type").map(VolumeType::from))
        .set_iops(cloud.number("iops"))
        .set_throughput(cloud.number("throughput"))
        .set_snapshot_id(cloud.text("snapshot"))
        .encrypted(cloud.args.bool("encrypted"))
        .set_kms_key_id(cloud.text("kms_key_id"))
        .set_outpost_arn(cloud.text("outpost_arn"))
        .set_multi_attach_enabled(cloud.args.opt_bool("multi_attach"))
        .set_tag_specifications(tags::of_new(ResourceType::Volume, Some(&tags)));
    let made = call.send().await.map_err(cloud.failed("CreateVolume"))?;
    let id = made.volume_id.unwrap_or_default();
    attachment::reach(cloud, &id, "available").await
}

/// A volume that is attached is detached first.
async fn remove(cloud: &Cloud) -> Outcome {
    let found = match find(cloud, cloud.text("zone").as_deref()).await {
        Err(error) if error.message.starts_with("Could not find") => None,
        found => found?,
    };
    let Some(volume) = found else { return Ok(result(false, [])) };
    if cloud.check {
        return Ok(told_only("Would have deleted volume if not in check mode."));
    }
    attachment::detach(cloud, &volume).await?;
    let call = cloud.client.delete_volume().set_volume_id(volume.volume_id.clone());
    call.send().await.map_err(cloud.failed("DeleteVolume"))?;
    Ok(result(true, []))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_api_leaves_out_is_null() {
        let volume = Volume::builder().volume_id("vol-1").size(5).build();
        let map = told(&volume);
        assert_eq!(map["id"], "vol-1");
        assert_eq!(map["iops"], Json::Null);
        assert_eq!((&map["tags"], &map["attachment_set"]), (&json!({}), &json!([])));
    }
}
