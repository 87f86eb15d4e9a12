//! Which arguments of `ec2_vol` go together.

use kapell_modules::Args;

use crate::api_error::ApiError;

/// Types whose number of operations a second is bought.
const PROVISIONED: &[&str] = &["io1", "io2"];

pub(super) fn check(args: &Args) -> Result<(), ApiError> {
    let given = |name: &str| args.opt_str(name).is_some_and(|text| !text.is_empty());
    if args.opt_str("state") != Some("absent") && !args.has("instance") && !given("zone") {
        return Err(ApiError::new("You must specify either instance or zone"));
    }
    if !args.has("volume_size") && !["id", "name", "snapshot"].into_iter().any(given) {
        let message = "You must specify volume_size or identify an existing volume by id, name, or snapshot";
        return Err(ApiError::new(message));
    }
    let kind = args.opt_str("volume_type").unwrap_or_default();
    let fail = |message: &str| Err(ApiError::new(message));
    match args.opt_int("iops") {
        Some(_) if matches!(kind, "gp2" | "st1" | "sc1" | "standard") => {
            return fail("IOPS is not supported for gp2, st1, sc1, or standard volumes.");
        }
        Some(iops) if kind == "gp3" && !(3000..=16000).contains(&iops) => {
            return fail("For a gp3 volume type, IOPS values must be between 3000 and 16000.");
        }
        Some(iops) if PROVISIONED.contains(&kind) && !(100..=64000).contains(&iops) => {
            return fail("For io1 and io2 volume types, IOPS values must be between 100 and 64000.");
        }
        _ => {}
    }
    match args.opt_int("throughput") {
        Some(_) if kind != "gp3" => return fail("Throughput is only supported for gp3 volume."),
        Some(throughput) if !(125..=1000).contains(&throughput) => {
            return fail("Throughput values must be between 125 and 1000.");
        }
        _ => {}
    }
    if args.bool("multi_attach") && !PROVISIONED.contains(&kind) {
        return fail("multi_attach is only supported for io1 and io2 volumes.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_does_not_go_together_is_told() {
        for (given, told) in [
            (json!({"volume_size": 1, "zone": "a", "volume_type": "gp2"}), ""),
            (json!({"volume_size": 1, "volume_type": "gp2"}), "either instance or zone"),
            (json!({"zone": "a", "volume_type": "gp2"}), "specify volume_size"),
            (json!({"state": "absent", "id": "vol-1", "volume_type": "gp2"}), ""),
            (json!({"volume_size": 1, "zone": "a", "volume_type": "gp2", "iops": 300}), "IOPS is not supported"),
            (json!({"volume_size": 1, "zone": "a", "volume_type": "io2", "iops": 9}), "between 100 and 64000"),
            (json!({"volume_size": 1, "zone": "a", "volume_type": "io1", "throughput": 9}), "only supported for gp3"),
            (json!({"volume_size": 1, "zone": "a", "volume_type": "gp3", "throughput": 9}), "between 125 and 1000"),
            (json!({"volume_size": 1, "zone": "a", "volume_type": "gp3", "multi_attach": true}), "multi_attach"),
        ] {
            let checked = check(&Args::of_map(given.as_object().unwrap()));
            let message = checked.err().map(|error| error.message).unwrap_or_default();
            assert!(message.contains(told) && message.is_empty() == told.is_empty(), "{given}: {message}");
        }
    }
}
