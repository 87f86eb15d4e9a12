//! What the firmware says about the machine: BIOS, board, chassis, product.

use std::path::Path;

use super::super::collector::{Facts, content};

/// Facts by their file below `/sys/devices/virtual/dmi/id`.
const FILES: &[(&str, &str)] = &[
    ("bios_date", "bios_date"),
    ("bios_vendor", "bios_vendor"),
    ("bios_version", "bios_version"),
    ("board_asset_tag", "board_asset_tag"),
    ("board_name", "board_name"),
    ("board_serial", "board_serial"),
    ("board_vendor", "board_vendor"),
    ("board_version", "board_version"),
    ("chassis_asset_tag", "chassis_asset_tag"),
    ("chassis_serial", "chassis_serial"),
    ("chassis_vendor", "chassis_vendor"),
    ("chassis_version", "chassis_version"),
    ("form_factor", "chassis_type"),
    ("product_name", "product_name"),
    ("product_serial", "product_serial"),
    ("product_uuid", "product_uuid"),
    ("product_version", "product_version"),
    ("system_vendor", "sys_vendor"),
];

/// Chassis types by their number in the SMBIOS specification.
const FORM_FACTORS: [&str; 37] = [
    "Unknown",
    "Other",
    "Unknown",
    "Desktop",
    "Low Profile Desktop",
    "Pizza Box",
    "Mini Tower",
    "Tower",
    "Portable",
    "Laptop",
    "Notebook",
    "Hand Held",
    "Docking Station",
    "All In One",
    "Sub Notebook",
    "Space-saving",
    "Lunch Box",
    "Main Server Chassis",
    "Expansion Chassis",
    "Sub Chassis",
    "Bus Expansion Chassis",
    "Peripheral Chassis",
    "RAID Chassis",
    "Rack Mount Chassis",
    "Sealed-case PC",
    "Multi-system",
    "CompactPCI",
    "AdvancedTCA",
    "Blade",
    "Blade Enclosure",
    "Tablet",
    "Convertible",
    "Detachable",
    "IoT Gateway",
    "Embedded PC",
    "Mini PC",
    "Stick PC",
];

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let directory = Path::new("/sys/devices/virtual/dmi/id");
    for (fact, file) in FILES {
        let text = content(directory.join(file)).filter(|text| !text.is_empty());
        let value = match (text, *fact) {
            (Some(number), "form_factor") => {
                let name = number.parse::<usize>().ok().and_then(|number| FORM_FACTORS.get(number));
                name.map_or_else(|| format!("unknown ({number})"), ToString::to_string)
            }
            (text, _) => text.unwrap_or_else(|| "NA".to_owned()),
        };
        facts.set(fact, value);
    }
}
