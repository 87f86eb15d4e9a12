//! The fields of each type of the EC2 API that is shown, as the SDK declares them, and the types that are words.

use super::{shapes, words};

shapes! {
    Address {
        allocation_id, association_id, domain, network_interface_id, network_interface_owner_id,
        private_ip_address, tags, public_ipv4_pool, network_border_group, customer_owned_ip,
        customer_owned_ipv4_pool, carrier_ip, subnet_id, service_managed, instance_id, public_ip,
    }
    AddressAttribute { public_ip, allocation_id, ptr_record, ptr_record_update }
    BlockDeviceMapping { ebs, no_device, device_name, virtual_name }
    BlockPublicAccessStates { internet_gateway_block_mode }
    CapacityReservationSpecificationResponse { capacity_reservation_preference, capacity_reservation_target }
    CapacityReservationTargetResponse { capacity_reservation_id, capacity_reservation_resource_group_arn }
    ConnectionTrackingSpecificationResponse { tcp_established_timeout, udp_stream_timeout, udp_timeout }
    CpuOptions { core_count, threads_per_core, amd_sev_snp, nested_virtualization }
    EbsBlockDevice {
        delete_on_termination, iops, snapshot_id, volume_size, volume_type, kms_key_id, throughput,
        outpost_arn, availability_zone, encrypted, volume_initialization_rate, availability_zone_id,
        ebs_card_index,
    }
    EbsInstanceBlockDevice {
        attach_time, delete_on_termination, status, volume_id, associated_resource, volume_owner_id, operator,
        ebs_card_index,
    }
    EbsStatusDetails { impaired_since, name, status }
    EbsStatusSummary { details, status }
    ElasticGpuAssociation {
        elastic_gpu_id, elastic_gpu_association_id, elastic_gpu_association_state,
        elastic_gpu_association_time,
    }
    ElasticInferenceAcceleratorAssociation {
        elastic_inference_accelerator_arn, elastic_inference_accelerator_association_id,
        elastic_inference_accelerator_association_state, elastic_inference_accelerator_association_time,
    }
    EnclaveOptions { enabled }
    GroupIdentifier { group_id, group_name }
    HibernationOptions { configured }
    IamInstanceProfile { arn, id }
    Image {
        platform_details, usage_operation, block_device_mappings, description, ena_support, hypervisor,
        image_owner_alias, name, root_device_name, root_device_type, sriov_net_support, state_reason, tags,
        virtualization_type, boot_mode, tpm_support, deprecation_time, imds_support, source_instance_id,
        deregistration_protection, last_launched_time, image_allowed, source_image_id, source_image_region,
        free_tier_eligible, image_id, image_location, state, owner_id, creation_date, public, product_codes,
        architecture, image_type, kernel_id, ramdisk_id, platform,
    }
    Instance {
        architecture, block_device_mappings, client_token, ebs_optimized, ena_support, hypervisor,
        iam_instance_profile, instance_lifecycle, elastic_gpu_associations,
        elastic_inference_accelerator_associations, network_interfaces, outpost_arn, root_device_name,
        root_device_type, security_groups, source_dest_check, spot_instance_request_id, sriov_net_support,
        state_reason, tags, virtualization_type, cpu_options, capacity_block_id, capacity_reservation_id,
        capacity_reservation_specification, hibernation_options, licenses, metadata_options, enclave_options,
        boot_mode, platform_details, usage_operation, usage_operation_update_time, private_dns_name_options,
        ipv6_address, tpm_support, maintenance_options, current_instance_boot_mode,
        network_performance_options, operator, secondary_interfaces, instance_id, image_id, state,
        private_dns_name, public_dns_name, state_transition_reason, key_name, ami_launch_index, product_codes,
        instance_type, launch_time, placement, kernel_id, ramdisk_id, platform, monitoring, subnet_id, vpc_id,
        private_ip_address, public_ip_address,
    }
    InstanceAttachmentEnaSrdSpecification { ena_srd_enabled, ena_srd_udp_specification }
    InstanceAttachmentEnaSrdUdpSpecification { ena_srd_udp_enabled }
    InstanceBlockDeviceMapping { device_name, ebs }
    InstanceIpv4Prefix { ipv4_prefix }
    InstanceIpv6Address { ipv6_address, is_primary_ipv6 }
    InstanceIpv6Prefix { ipv6_prefix }
    InstanceMaintenanceOptions { auto_recovery, reboot_migration }
    InstanceMetadataOptionsResponse {
        state, http_tokens, http_put_response_hop_limit, http_endpoint, http_protocol_ipv6,
        instance_metadata_tags,
    }
    InstanceNetworkInterface {
        association, attachment, description, groups, ipv6_addresses, mac_address, network_interface_id,
        owner_id, private_dns_name, private_ip_address, private_ip_addresses, source_dest_check, status,
        subnet_id, vpc_id, interface_type, ipv4_prefixes, ipv6_prefixes, connection_tracking_configuration,
        operator,
    }
    InstanceNetworkInterfaceAssociation { carrier_ip, customer_owned_ip, ip_owner_id, public_dns_name, public_ip }
    InstanceNetworkInterfaceAttachment {
        attach_time, attachment_id, delete_on_termination, device_index, status, network_card_index,
        ena_srd_specification, ena_queue_count,
    }
    InstanceNetworkPerformanceOptions { bandwidth_weighting }
    InstancePrivateIpAddress { association, primary, private_dns_name, private_ip_address }
    InstanceSecondaryInterface {
        attachment, mac_address, secondary_interface_id, owner_id, private_ip_addresses, source_dest_check,
        status, secondary_subnet_id, secondary_network_id, interface_type,
    }
    InstanceSecondaryInterfaceAttachment {
        attach_time, attachment_id, delete_on_termination, device_index, status, network_card_index,
    }
    InstanceSecondaryInterfacePrivateIpAddress { private_ip_address }
    InstanceState { code, name }
    InstanceStatus {
        availability_zone, availability_zone_id, outpost_arn, operator, events, instance_id, instance_state,
        instance_status, system_status, attached_ebs_status,
    }
    InstanceStatusDetails { impaired_since, name, status }
    InstanceStatusEvent { instance_event_id, code, description, not_after, not_before, not_before_deadline }
    InstanceStatusSummary { details, status }
    IpPermission { ip_protocol, from_port, to_port, user_id_group_pairs, ip_ranges, ipv6_ranges, prefix_list_ids }
    IpRange { description, cidr_ip }
    Ipv6Range { description, cidr_ipv6 }
    KeyPairInfo { key_pair_id, key_type, tags, public_key, create_time, key_name, key_fingerprint }
    LicenseConfiguration { license_configuration_arn }
    Monitoring { state }
    OperatorResponse { managed, principal }
    Placement {
        availability_zone_id, affinity, group_name, partition_number, host_id, tenancy, spread_domain,
        host_resource_group_arn, group_id, availability_zone,
    }
    PrefixListId { description, prefix_list_id }
    PrivateDnsNameOptionsOnLaunch {
        hostname_type, enable_resource_name_dns_a_record, enable_resource_name_dns_aaaa_record,
    }
    PrivateDnsNameOptionsResponse {
        hostname_type, enable_resource_name_dns_a_record, enable_resource_name_dns_aaaa_record,
    }
    ProductCode { product_code_id, product_code_type }
    PtrUpdateStatus { value, status, reason }
    ReferencedSecurityGroup { group_id, peering_status, user_id, vpc_id, vpc_peering_connection_id }
    Reservation { reservation_id, owner_id, requester_id, groups, instances }
    SecurityGroup {
        group_id, ip_permissions_egress, tags, vpc_id, security_group_arn, owner_id, group_name, description,
        ip_permissions,
    }
    SecurityGroupRule {
        security_group_rule_id, group_id, group_owner_id, is_egress, ip_protocol, from_port, to_port,
        cidr_ipv4, cidr_ipv6, prefix_list_id, referenced_group_info, description, tags,
        security_group_rule_arn,
    }
    StateReason { code, message }
    Subnet {
        availability_zone_id, enable_lni_at_device_index, map_customer_owned_ip_on_launch,
        customer_owned_ipv4_pool, owner_id, assign_ipv6_address_on_creation, ipv6_cidr_block_association_set,
        tags, subnet_arn, outpost_arn, enable_dns64, ipv6_native, private_dns_name_options_on_launch,
        block_public_access_states, r#type, subnet_id, state, vpc_id, cidr_block, available_ip_address_count,
        availability_zone, default_for_az, map_public_ip_on_launch,
    }
    SubnetCidrBlockState { state, status_message }
    SubnetIpv6CidrBlockAssociation {
        association_id, ipv6_cidr_block, ipv6_cidr_block_state, ipv6_address_attribute, ip_source,
    }
    Tag { key, value }
    UserIdGroupPair { description, user_id, group_name, group_id, vpc_id, vpc_peering_connection_id, peering_status }
    Volume {
        availability_zone_id, outpost_arn, source_volume_id, iops, tags, volume_type, fast_restored,
        multi_attach_enabled, throughput, sse_type, operator, volume_initialization_rate, volume_id, size,
        snapshot_id, availability_zone, state, create_time, attachments, encrypted, kms_key_id,
    }
    VolumeAttachment {
        delete_on_termination, associated_resource, instance_owning_service, ebs_card_index, volume_id,
        instance_id, device, state, attach_time,
    }
    Vpc {
        owner_id, instance_tenancy, ipv6_cidr_block_association_set, cidr_block_association_set, is_default,
        encryption_control, tags, block_public_access_states, vpc_id, state, cidr_block, dhcp_options_id,
    }
    VpcCidrBlockAssociation { association_id, cidr_block, cidr_block_state }
    VpcCidrBlockState { state, status_message }
    VpcEncryptionControl { vpc_id, vpc_encryption_control_id, mode, state, state_message, resource_exclusions, tags }
    VpcEncryptionControlExclusion { state, state_message }
    VpcEncryptionControlExclusions {
        internet_gateway, egress_only_internet_gateway, nat_gateway, virtual_private_gateway, vpc_peering,
        lambda, vpc_lattice, elastic_file_system,
    }
    VpcIpv6CidrBlockAssociation {
        association_id, ipv6_cidr_block, ipv6_cidr_block_state, network_border_group, ipv6_pool,
        ipv6_address_attribute, ip_source,
    }
}

words! {
    AmdSevSnpSpecification ArchitectureValues AttachmentStatus BlockPublicAccessMode BootModeValues
    CapacityReservationPreference DeviceType DomainType EventCode HostnameType HttpTokensState HypervisorType
    ImageState ImageTypeValues ImdsSupportValues InstanceAutoRecoveryState InstanceBandwidthWeighting
    InstanceBootModeValues InstanceLifecycleType InstanceMetadataEndpointState InstanceMetadataOptionsState
    InstanceMetadataProtocolState InstanceMetadataTagsState InstanceRebootMigrationState InstanceStateName
    InstanceType IpSource Ipv6AddressAttribute KeyType MonitoringState NestedVirtualizationSpecification
    NetworkInterfaceStatus PlatformValues ProductCodeValues SecondaryInterfaceStatus SecondaryInterfaceType
    ServiceManaged SseType StatusName StatusType SubnetCidrBlockStateCode SubnetState SummaryStatus Tenancy
    TpmSupportValues VirtualizationType VolumeAttachmentState VolumeState VolumeType VpcCidrBlockStateCode
    VpcEncryptionControlExclusionState VpcEncryptionControlMode VpcEncryptionControlState VpcState
}
