//! New instances: the task's arguments as one call.

use aws_sdk_ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use aws_sdk_ec2::types::{
    CpuOptionsRequest, CreditSpecificationRequest, HibernationOptionsRequest, IamInstanceProfileSpecification,
    Instance, InstanceMetadataOptionsRequest, InstanceType, LaunchTemplateSpecification, LicenseConfigurationRequest,
    Placement, ResourceType, RunInstancesMonitoringEnabled, ShutdownBehavior,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kapell_modules::{Args, Map};
use serde_json::Value as Json;

use super::super::cloud::{Cloud, word};
use super::super::tags;
use super::{matching, network, volumes};
use crate::api_error::ApiError;

/// All of them or none.
pub(super) async fn launch(cloud: &Cloud, count: i64) -> Result<Vec<Instance>, ApiError> {
    let args = &cloud.args;
    let text = |name: &str| args.opt_str(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let image = args.dict("image").map(Args::of_map).unwrap_or_default();
    let image_id = text("image_id").or_else(|| image.opt_str("id").map(str::to_owned));
    if image_id.is_none() && !args.has("launch_template") {
        let message = "new instances need an image_id (or image.id) or a launch_template";
        return Err(ApiError::new(message));
    }
    if !args.has("instance_type") && !args.has("launch_template") {
        return Err(ApiError::new("new instances need an instance_type or a launch_template"));
    }
    let subnet = matching::subnet(cloud).await?;
    let interfaces = network::of_new(cloud, subnet).await?;
    let mappings = volumes::mappings(args.list("volumes"))?;
    let call = cloud
        .client
        .run_instances()
        .min_count(count as i32)
        .max_count(count as i32)
        .set_image_id(image_id)
        .set_kernel_id(image.opt_str("kernel").map(str::to_owned))
        .set_ramdisk_id(image.opt_str("ramdisk").map(str::to_owned))
        .set_instance_type(args.opt_str("instance_type").map(InstanceType::from))
        .set_key_name(text("key_name"))
        .set_user_data(args.opt_str("user_data").map(|data| STANDARD.encode(data)))
        .set_additional_info(text("additional_info"))
        .set_ebs_optimized(args.opt_bool("ebs_optimized"))
        .set_disable_api_termination(args.opt_bool("termination_protection"))
        .set_network_interfaces((!interfaces.is_empty()).then_some(interfaces))
        .set_block_device_mappings((!mappings.is_empty()).then_some(mappings))
        .set_tag_specifications(tag_specifications(cloud));
    let call = with_hardware(with_behavior(call, args), args);
    let made = call.send().await.map_err(cloud.failed("RunInstances"))?;
    Ok(made.instances.unwrap_or_default())
}

/// Instances and their volumes get the same tags.
fn tag_specifications(cloud: &Cloud) -> Option<Vec<aws_sdk_ec2::types::TagSpecification>> {
    let wanted = tags::named(cloud);
    let kinds = [ResourceType::Volume, ResourceType::Instance];
    let specifications = kinds.into_iter().filter_map(|kind| tags::of_new(kind, Some(&wanted))).flatten();
    Some(specifications.collect::<Vec<_>>()).filter(|all| !all.is_empty())
}

fn with_behavior(call: RunInstancesFluentBuilder, args: &Args) -> RunInstancesFluentBuilder {
    let text = |map: &Map, name: &str| map.get(name).filter(|value| !value.is_null()).map(word);
    let profile = args.opt_str("iam_instance_profile").map(|profile| {
        let builder = IamInstanceProfileSpecification::builder();
        if profile.starts_with("arn:") { builder.arn(profile) } else { builder.name(profile) }.build()
    });
    let template = args.dict("launch_template").map(|template| {
        LaunchTemplateSpecification::builder()
            .set_launch_template_id(text(template, "id"))
            .set_launch_template_name(text(template, "name"))
            .set_version(text(template, "version"))
            .build()
    });
    let metadata = args.dict("metadata_options").map(|options| {
        let hops = options.get("http_put_response_hop_limit").and_then(Json::as_i64).map(|hops| hops as i32);
        InstanceMetadataOptionsRequest::builder()
            .set_http_endpoint(text(options, "http_endpoint").map(|word| word.as_str().into()))
            .set_http_tokens(text(options, "http_tokens").map(|word| word.as_str().into()))
            .set_http_protocol_ipv6(text(options, "http_protocol_ipv6").map(|word| word.as_str().into()))
            .set_instance_metadata_tags(text(options, "instance_metadata_tags").map(|word| word.as_str().into()))
            .set_http_put_response_hop_limit(hops)
            .build()
    });
    let licence = |entry: &Json| {
        let arn = entry.get("license_configuration_arn").map(word);
        LicenseConfigurationRequest::builder().set_license_configuration_arn(arn).build()
    };
    let licences: Vec<_> = args.list("license_specifications").iter().map(licence).collect();
    call.set_iam_instance_profile(profile)
        .set_launch_template(template)
        .set_metadata_options(metadata)
        .set_license_specifications((!licences.is_empty()).then_some(licences))
        .set_instance_initiated_shutdown_behavior(
            args.opt_str("instance_initiated_shutdown_behavior").map(ShutdownBehavior::from),
        )
        .set_monitoring(
            args.opt_bool("detailed_monitoring").map(|on| RunInstancesMonitoringEnabled::builder().enabled(on).build()),
        )
}

fn with_hardware(call: RunInstancesFluentBuilder, args: &Args) -> RunInstancesFluentBuilder {
    let cpu = args.dict("cpu_options").map(Args::of_map).map(|cpu| {
        let number = |name: &str| cpu.opt_int(name).map(|number| number as i32);
        CpuOptionsRequest::builder()
            .set_core_count(number("core_count"))
            .set_threads_per_core(number("threads_per_core"))
            .build()
    });
    let credits = args.opt_str("cpu_credit_specification");
    let credits = credits.map(|kind| CreditSpecificationRequest::builder().cpu_credits(kind).build());
    let hibernation = args.bool("hibernation_options");
    let hibernation = hibernation.then(|| HibernationOptionsRequest::builder().configured(true).build());
    call.set_cpu_options(cpu)
        .set_credit_specification(credits)
        .set_hibernation_options(hibernation)
        .set_placement(placement(args))
}

fn placement(args: &Args) -> Option<Placement> {
    let given = args.dict("placement").map(Args::of_map).unwrap_or_default();
    let text = |args: &Args, name: &str| args.opt_str(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let zone = text(args, "availability_zone").or_else(|| text(&given, "availability_zone"));
    let group = text(args, "placement_group").or_else(|| text(&given, "group_name"));
    let tenancy = text(args, "tenancy").or_else(|| text(&given, "tenancy"));
    let placement = Placement::builder()
        .set_availability_zone(zone)
        .set_group_name(group)
        .set_tenancy(tenancy.map(|word| word.as_str().into()))
        .set_affinity(text(&given, "affinity"))
        .set_host_id(text(&given, "host_id"))
        .set_host_resource_group_arn(text(&given, "host_resource_group_arn"))
        .set_partition_number(given.opt_int("partition_number").map(|number| number as i32))
        .build();
    (placement != Placement::builder().build()).then_some(placement)
}
