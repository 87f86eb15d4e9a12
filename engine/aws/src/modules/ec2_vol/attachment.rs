//! The instance a volume is attached to, and the way there and back.

use aws_sdk_ec2::types::{
    EbsInstanceBlockDeviceSpecification, Instance, InstanceBlockDeviceMappingSpecification, Volume, VolumeAttachment,
};
use kapell_modules::Map;
use serde_json::{Value as Json, json};

use super::super::cloud::{Cloud, result};
use super::super::instance_query::instances;
use super::by_id;
use crate::api_error::ApiError;
use crate::shape::Shape;

/// What volumes are called when nobody says otherwise.
const USUAL_DEVICE: &str = "/dev/sdf";
const USUAL_DEVICE_OF_WINDOWS: &str = "/dev/xvdf";

/// Where the volume is to be.
pub(super) enum Target {
    /// `instance` is not given: it stays where it is.
    Untouched,
    /// `instance` is empty, or the word None.
    Nowhere,
    On {
        instance: Box<Instance>,
        device: String,
    },
}

impl Target {
    pub(super) async fn of(cloud: &Cloud) -> Result<Self, ApiError> {
        let Some(id) = cloud.args.opt_str("instance") else { return Ok(Self::Untouched) };
        if matches!(id, "" | "None") {
            return Ok(Self::Nowhere);
        }
        let found = instances(cloud, vec![id.to_owned()], Vec::new()).await?;
        let missing = || ApiError::new(format!("the instance {id} is not there"));
        let instance = found.into_iter().next().ok_or_else(missing)?;
        let is_windows = instance.platform().is_some_and(|platform| platform.as_str() == "Windows");
        let usual = if is_windows { USUAL_DEVICE_OF_WINDOWS } else { USUAL_DEVICE };
        let device = cloud.text("device_name").unwrap_or_else(|| usual.to_owned());
        Ok(Self::On { instance: Box::new(instance), device })
    }

    /// Volumes are in the zone of their instance.
    pub(super) fn zone(&self) -> Option<&str> {
        match self {
            Self::On { instance, .. } => instance.placement().and_then(|placement| placement.availability_zone()),
            _ => None,
        }
    }

    pub(super) fn device(&self) -> Option<&str> {
        match self {
            Self::On { device, .. } => Some(device),
            _ => None,
        }
    }

    /// The result when the instance has another volume under the name of the device.
    pub(super) fn occupied(&self, volume: Option<&Volume>) -> Option<Map> {
        let Self::On { instance, device } = self else { return None };
        let mapping = instance.block_device_mappings().iter().find(|one| one.device_name() == Some(device))?;
        let there = mapping.ebs().and_then(|ebs| ebs.volume_id());
        if there.is_some() && there == volume.and_then(Volume::volume_id) {
            return None;
        }
        let id = instance.instance_id().unwrap_or_default();
        let msg = format!("Volume mapping for {device} already exists on instance {id}");
        let found = volume.map(Shape::json);
        let entries = [("msg", msg.into()), ("volume_id", there.into()), ("device", device.as_str().into())];
        let mut answer = result(false, entries);
        answer.insert("found_volume".to_owned(), found.into());
        Some(answer)
    }

    /// Attaches or detaches. True when that was (or, in check mode, would be) necessary.
    pub(super) async fn settle(&self, cloud: &Cloud, volume: &Volume) -> Result<bool, ApiError> {
        match self {
            Self::Untouched => Ok(false),
            Self::Nowhere if cloud.check => Ok(!volume.attachments().is_empty()),
            Self::Nowhere => detach(cloud, volume).await,
            Self::On { instance, device } => attach(cloud, volume, instance, device).await,
        }
    }
}

async fn attach(cloud: &Cloud, volume: &Volume, instance: &Instance, device: &str) -> Result<bool, ApiError> {
    let (id, instance) = (volume.volume_id().unwrap_or_default(), instance.instance_id().unwrap_or_default());
    let is_here = |one: &&VolumeAttachment| one.instance_id() == Some(instance);
    let attached = volume.attachments().iter().find(is_here);
    if cloud.check {
        return Ok(attached.is_none());
    }
    if attached.is_none() {
        if let Some(other) = volume.attachments().first().filter(|_| volume.multi_attach_enabled() != Some(true)) {
            let other = other.instance_id().unwrap_or("another instance");
            return Err(ApiError::new(format!("Volume {id} is already attached to another instance: {other}"))
                .hint("detach it first (instance: None)"));
        }
        let call = cloud.client.attach_volume().volume_id(id).instance_id(instance).device(device);
        call.send().await.map_err(cloud.failed("AttachVolume"))?;
        reach(cloud, id, "in-use").await?;
    }
    let ends = cloud.args.bool("delete_on_termination");
    let ended = attached.and_then(VolumeAttachment::delete_on_termination).unwrap_or(false);
    if ends != ended {
        let ebs = EbsInstanceBlockDeviceSpecification::builder().volume_id(id).delete_on_termination(ends).build();
        let device = attached.and_then(VolumeAttachment::device).unwrap_or(device);
        let mapping = InstanceBlockDeviceMappingSpecification::builder().device_name(device).ebs(ebs).build();
        let call = cloud.client.modify_instance_attribute().instance_id(instance).block_device_mappings(mapping);
        call.send().await.map_err(cloud.failed("ModifyInstanceAttribute"))?;
    }
    Ok(attached.is_none() || ends != ended)
}

/// Detaches the volume from wherever it is attached, and waits until that is done.
pub(super) async fn detach(cloud: &Cloud, volume: &Volume) -> Result<bool, ApiError> {
    let id = volume.volume_id().unwrap_or_default();
    for attachment in volume.attachments() {
        let call = cloud.client.detach_volume().volume_id(id).set_instance_id(attachment.instance_id.clone());
        call.send().await.map_err(cloud.failed("DetachVolume"))?;
    }
    if !volume.attachments().is_empty() {
        reach(cloud, id, "available").await?;
    }
    Ok(!volume.attachments().is_empty())
}

/// Waits until the volume is in the state `wanted`.
pub(super) async fn reach(cloud: &Cloud, id: &str, wanted: &str) -> Result<Volume, ApiError> {
    let look = async || {
        let volume = by_id(cloud, id).await?;
        Ok(Some(volume).filter(|volume| volume.state().is_none_or(|state| state.as_str() == wanted)))
    };
    cloud.until(&format!("the volume {id} is not {wanted}"), look).await
}

/// An attachment as results show it.
pub(super) fn told(attachment: &Json) -> Json {
    let get = |name: &str| attachment.get(name).cloned().unwrap_or_default();
    json!({
        "attach_time": get("attach_time"),
        "device": get("device"),
        "instance_id": get("instance_id"),
        "status": get("state"),
        "delete_on_termination": get("delete_on_termination"),
    })
}
