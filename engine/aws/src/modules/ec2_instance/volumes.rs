//! Block devices of new instances.

use aws_sdk_ec2::types::{BlockDeviceMapping, EbsBlockDevice, VolumeType};
use kapell_modules::Args;
use serde_json::Value as Json;

use crate::api_error::ApiError;

pub(super) fn mappings(volumes: &[Json]) -> Result<Vec<BlockDeviceMapping>, ApiError> {
    volumes.iter().map(mapping).collect()
}

fn mapping(volume: &Json) -> Result<BlockDeviceMapping, ApiError> {
    let Some(map) = volume.as_object() else { return Err(ApiError::new("an entry of volumes is a map")) };
    let known = ["device_name", "ebs", "virtual_name", "no_device"];
    if let Some(other) = map.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(ApiError::new(format!("volumes: '{other}' is not one of {}", known.join(", "))));
    }
    let args = Args::of_map(map);
    let text = |name: &str| args.opt_str(name).map(str::to_owned);
    Ok(BlockDeviceMapping::builder()
        .set_device_name(text("device_name"))
        .set_virtual_name(text("virtual_name"))
        .set_no_device(args.raw("no_device").map(|value| value.as_str().unwrap_or_default().to_owned()))
        .set_ebs(args.dict("ebs").map(|ebs| device(&Args::of_map(ebs))))
        .build())
}

fn device(ebs: &Args) -> EbsBlockDevice {
    // Sizes are often text: what a template gives.
    let number = |name: &str| match ebs.raw(name)? {
        Json::String(text) => text.trim().parse().ok(),
        value => value.as_i64().map(|number| number as i32),
    };
    let flag = |name: &str| match ebs.raw(name)? {
        Json::String(text) => Some(matches!(text.to_lowercase().as_str(), "true" | "yes" | "on" | "1")),
        value => value.as_bool(),
    };
    EbsBlockDevice::builder()
        .set_volume_size(number("volume_size"))
        .set_volume_type(ebs.opt_str("volume_type").map(VolumeType::from))
        .set_iops(number("iops"))
        .set_throughput(number("throughput"))
        .set_snapshot_id(ebs.opt_str("snapshot_id").map(str::to_owned))
        .set_delete_on_termination(flag("delete_on_termination"))
        .set_encrypted(flag("encrypted"))
        .set_kms_key_id(ebs.opt_str("kms_key_id").map(str::to_owned))
        .build()
}
