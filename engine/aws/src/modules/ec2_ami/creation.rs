//! New images: of an instance, or registered over snapshots.

use aws_sdk_ec2::types::{
    ArchitectureValues, BlockDeviceMapping, BootModeValues, EbsBlockDevice, ResourceType, TagSpecification,
    TpmSupportValues, VolumeType,
};
use kapell_modules::Args;
use serde_json::Value as Json;

use super::super::cloud::Cloud;
use super::super::tags;
use crate::api_error::ApiError;

/// The id of the new image.
pub(super) async fn create(cloud: &Cloud) -> Result<String, ApiError> {
    let mappings: Vec<_> = cloud.args.list("device_mapping").iter().map(mapping).collect();
    let mappings = (!mappings.is_empty()).then_some(mappings);
    let made = match cloud.text("instance_id") {
        Some(instance) => of_instance(cloud, instance, mappings).await?,
        None => registered(cloud, mappings).await?,
    };
    made.ok_or_else(|| ApiError::new("the API named no new image"))
}

async fn of_instance(
    cloud: &Cloud,
    instance: String,
    mappings: Option<Vec<BlockDeviceMapping>>,
) -> Result<Option<String>, ApiError> {
    let call = cloud
        .client
        .create_image()
        .instance_id(instance)
        .set_name(cloud.text("name"))
        .set_description(cloud.text("description"))
        .no_reboot(cloud.args.bool("no_reboot"))
        .set_block_device_mappings(mappings)
        .set_tag_specifications(tag_specifications(cloud, &[ResourceType::Image, ResourceType::Snapshot]));
    Ok(call.send().await.map_err(cloud.failed("CreateImage"))?.image_id)
}

async fn registered(cloud: &Cloud, mappings: Option<Vec<BlockDeviceMapping>>) -> Result<Option<String>, ApiError> {
    if mappings.is_none() && cloud.text("image_location").is_none() {
        let message =
            "The parameters instance_id or device_mapping (register from EBS snapshot) are required for a new image.";
        return Err(ApiError::new(message));
    }
    let call = cloud
        .client
        .register_image()
        .set_name(cloud.text("name"))
        .set_description(cloud.text("description"))
        .set_architecture(cloud.args.opt_str("architecture").map(ArchitectureValues::from))
        .set_virtualization_type(cloud.text("virtualization_type"))
        .set_root_device_name(cloud.text("root_device_name"))
        .set_image_location(cloud.text("image_location"))
        .set_kernel_id(cloud.text("kernel_id"))
        .set_ramdisk_id(cloud.text("ramdisk_id"))
        .set_ena_support(cloud.args.opt_bool("enhanced_networking"))
        .set_sriov_net_support(cloud.text("sriov_net_support"))
        .set_boot_mode(cloud.args.opt_str("boot_mode").map(BootModeValues::from))
        .set_tpm_support(cloud.args.opt_str("tpm_support").map(TpmSupportValues::from))
        .set_uefi_data(cloud.text("uefi_data"))
        .set_billing_products(cloud.args.opt_list_of_str("billing_products"))
        .set_block_device_mappings(mappings)
        .set_tag_specifications(tag_specifications(cloud, &[ResourceType::Image]));
    Ok(call.send().await.map_err(cloud.failed("RegisterImage"))?.image_id)
}

fn tag_specifications(cloud: &Cloud, kinds: &[ResourceType]) -> Option<Vec<TagSpecification>> {
    let all = kinds.iter().filter_map(|kind| tags::of_new(kind.clone(), cloud.args.dict("tags"))).flatten();
    Some(all.collect::<Vec<_>>()).filter(|all| !all.is_empty())
}

fn mapping(device: &Json) -> BlockDeviceMapping {
    let args = device.as_object().map(Args::of_map).unwrap_or_default();
    let text = |name: &str| args.opt_str(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let number = |name: &str| args.opt_int(name).map(|number| number as i32);
    let mapping =
        BlockDeviceMapping::builder().set_device_name(text("device_name")).set_virtual_name(text("virtual_name"));
    if args.bool("no_device") {
        return mapping.no_device("").build();
    }
    let ebs = EbsBlockDevice::builder()
        .set_snapshot_id(text("snapshot_id"))
        .set_volume_size(number("volume_size"))
        .set_volume_type(args.opt_str("volume_type").map(VolumeType::from))
        .set_iops(number("iops"))
        .set_encrypted(args.opt_bool("encrypted"))
        .set_delete_on_termination(args.opt_bool("delete_on_termination"))
        .build();
    mapping.set_ebs((ebs != EbsBlockDevice::builder().build()).then_some(ebs)).build()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_device_that_is_left_out_says_nothing_else() {
        let left_out = mapping(&json!({"device_name": "/dev/sdb", "no_device": true, "volume_size": 3}));
        assert_eq!((left_out.no_device(), left_out.ebs()), (Some(""), None));
        let kept = mapping(&json!({"device_name": "/dev/sdb", "volume_size": 3, "volume_type": "gp3"}));
        assert_eq!(kept.ebs().and_then(EbsBlockDevice::volume_size), Some(3));
        assert_eq!(mapping(&json!({"device_name": "/dev/sdb", "virtual_name": "ephemeral0"})).ebs(), None);
    }
}
