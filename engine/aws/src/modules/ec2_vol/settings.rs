//! Size, type and speed of a volume that is there, changed where `modify_volume` allows it.

use aws_sdk_ec2::types::{Volume, VolumeModification, VolumeType};
use kapell_modules::Map;

use super::super::cloud::Cloud;
use crate::api_error::ApiError;
use crate::shape::Shape;

/// Changes what differs: the settings that the volume gets; nothing when it has them.
pub(super) async fn settle(cloud: &Cloud, volume: &Volume) -> Result<Option<Map>, ApiError> {
    if !cloud.args.bool("modify_volume") {
        return Ok(None);
    }
    let differs = |name: &str, current: Option<i32>| cloud.number(name).filter(|wanted| current != Some(*wanted));
    let (size, iops) = (differs("volume_size", volume.size()), differs("iops", volume.iops()));
    let throughput = differs("throughput", volume.throughput());
    let kind = cloud.args.opt_str("volume_type").map(VolumeType::from);
    let kind = kind.filter(|wanted| volume.volume_type() != Some(wanted));
    let shared = cloud.args.opt_bool("multi_attach");
    let shared = shared.filter(|wanted| volume.multi_attach_enabled().unwrap_or(false) != *wanted);
    if size.is_none() && iops.is_none() && throughput.is_none() && kind.is_none() && shared.is_none() {
        return Ok(None);
    }
    if cloud.check {
        return Ok(Some(Map::new()));
    }
    let call = cloud
        .client
        .modify_volume()
        .set_volume_id(volume.volume_id.clone())
        .set_size(size)
        .set_iops(iops)
        .set_throughput(throughput)
        .set_volume_type(kind)
        .set_multi_attach_enabled(shared);
    let done = call.send().await.map_err(cloud.failed("ModifyVolume"))?.volume_modification;
    Ok(Some(done.as_ref().map(targets).unwrap_or_default()))
}

/// What the volume is on its way to.
fn targets(modification: &VolumeModification) -> Map {
    let targets = [
        ("size", modification.target_size.json()),
        ("iops", modification.target_iops.json()),
        ("throughput", modification.target_throughput.json()),
        ("type", modification.target_volume_type.json()),
        ("multi_attach_enabled", modification.target_multi_attach_enabled.json()),
    ];
    targets.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
