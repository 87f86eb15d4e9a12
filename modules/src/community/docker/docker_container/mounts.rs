//! Volumes and mounts of a container.

use serde_json::{Value, json};

use super::units;
use super::wanted::Wanted;
use crate::conversion::expand;
use crate::{Args, Context, Map, ModuleError};

/// What may follow the path in the container.
const MODES: &[&str] = &[
    "ro",
    "rw",
    "z",
    "Z",
    "nocopy",
    "consistent",
    "cached",
    "delegated",
    "default",
    "rshared",
    "shared",
    "rslave",
    "slave",
    "rprivate",
    "private",
    "U",
];

/// Anonymous volumes, binds and mounts.
pub(super) fn add(args: &Args, cx: &Context<'_>, wanted: &mut Wanted) -> Result<(), ModuleError> {
    if let Some(volumes) = args.opt_list_of_str("volumes") {
        let (mut anonymous, mut binds) = (Vec::new(), Vec::new());
        for text in &volumes {
            match bind(text, cx)? {
                Some(bind) => binds.push(bind),
                None => anonymous.push(text.clone()),
            }
        }
        wanted.set("volumes", anonymous);
        wanted.set("volume_binds", binds);
    }
    if args.has("mounts") {
        let mounts = args.list("mounts").iter().filter_map(Value::as_object);
        wanted.set("mounts", mounts.map(mount).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(())
}

/// `/host:/container:mode`; `None` for a volume without a name.
fn bind(text: &str, cx: &Context<'_>) -> Result<Option<String>, ModuleError> {
    let parts: Vec<&str> = text.split(':').collect();
    let (source, path, mode) = match parts[..] {
        [source, path, mode] if is_mode(mode) => (source, path, mode),
        [path, mode] if is_mode(mode) && path.starts_with('/') => return Ok(Some(format!("{path}:{mode}"))),
        [source, path] => (source, path, "rw"),
        [_] => return Ok(None),
        _ => return Err(ModuleError::failed(format!("Found invalid volumes mode: {text}"))),
    };
    Ok(Some(format!("{}:{path}:{mode}", absolute(source, cx))))
}

fn is_mode(text: &str) -> bool {
    text.split(',').all(|part| MODES.contains(&part))
}

/// Paths of the node are whole ones; everything else names a volume.
fn absolute(source: &str, cx: &Context<'_>) -> String {
    if source.starts_with('~') {
        return expand(source, cx);
    }
    if source.starts_with('.') {
        let here = std::env::current_dir().unwrap_or_default().join(source);
        return crate::real_path::real_path(&here).to_string_lossy().into_owned();
    }
    source.to_owned()
}

fn mount(given: &Map) -> Result<Value, ModuleError> {
    let get = |name: &str| given.get(name).filter(|value| !value.is_null());
    let kind = get("type").and_then(Value::as_str).unwrap_or("volume");
    allowed(given, kind)?;
    let mut mount = json!({
        "Target": given["target"],
        "Source": get("source"),
        "Type": kind,
        "ReadOnly": get("read_only"),
    });
    if let Some(consistency) = get("consistency") {
        mount["Consistency"] = consistency.clone();
    }
    let mut options = Map::new();
    let mut put = |ours: &str, theirs: &str| {
        if let Some(value) = get(ours) {
            options.insert(theirs.to_owned(), value.clone());
        }
    };
    put("propagation", "Propagation");
    put("non_recursive", "NonRecursive");
    put("create_mountpoint", "CreateMountpoint");
    put("read_only_non_recursive", "ReadOnlyNonRecursive");
    put("read_only_force_recursive", "ReadOnlyForceRecursive");
    put("no_copy", "NoCopy");
    put("labels", "Labels");
    put("subpath", "Subpath");
    if let Some(driver) = get("volume_driver") {
        let mut config = json!({ "Name": driver });
        if let Some(more) = get("volume_options") {
            config["Options"] = more.clone();
        }
        options.insert("DriverConfig".to_owned(), config);
    }
    if let Some(mode) = get("tmpfs_mode").and_then(Value::as_str) {
        let number = u32::from_str_radix(mode.trim_start_matches("0o"), 8)
            .map_err(|_| ModuleError::failed(format!("tmpfs_mode must be an octal number: {mode}")))?;
        options.insert("Mode".to_owned(), json!(number));
    }
    if let Some(size) = get("tmpfs_size").and_then(Value::as_str) {
        options.insert("SizeBytes".to_owned(), json!(units::bytes("tmpfs_size", size)?));
    }
    if let Some(list) = get("tmpfs_options").and_then(Value::as_array) {
        options.insert("Options".to_owned(), tmpfs_options(list));
    }
    let key = match kind {
        "bind" => "BindOptions",
        "tmpfs" => "TmpfsOptions",
        "image" => "ImageOptions",
        _ => "VolumeOptions",
    };
    if !options.is_empty() {
        mount[key] = Value::Object(options);
    }
    Ok(mount)
}

/// `[{"size": "1m"}, {"noexec": null}]` as pairs and single words.
fn tmpfs_options(list: &[Value]) -> Value {
    let pairs = list.iter().filter_map(Value::as_object).flatten();
    let pair = |(name, value): (&String, &Value)| match value {
        Value::Null => json!([name]),
        value => json!([name, super::plain_text(value)]),
    };
    pairs.map(pair).collect()
}

/// Options belong to kinds of mounts.
fn allowed(given: &Map, kind: &str) -> Result<(), ModuleError> {
    let rules: &[(&str, &[&str])] = &[
        ("propagation", &["bind"]),
        ("non_recursive", &["bind"]),
        ("create_mountpoint", &["bind"]),
        ("read_only_non_recursive", &["bind"]),
        ("read_only_force_recursive", &["bind"]),
        ("no_copy", &["volume"]),
        ("labels", &["volume"]),
        ("volume_driver", &["volume"]),
        ("volume_options", &["volume"]),
        ("tmpfs_size", &["tmpfs"]),
        ("tmpfs_mode", &["tmpfs"]),
        ("tmpfs_options", &["tmpfs"]),
        ("subpath", &["volume", "image"]),
    ];
    let target = given["target"].as_str().unwrap_or_default();
    for (option, kinds) in rules {
        if given.get(*option).is_some_and(|value| !value.is_null()) && !kinds.contains(&kind) {
            return Err(ModuleError::failed(format!(
                "{option} cannot be specified for mount \"{target}\" of type \"{kind}\" (needs type \"{}\")",
                kinds.join("\" or \"")
            )));
        }
    }
    let needs_source = !matches!(kind, "tmpfs" | "volume");
    if needs_source && given.get("source").is_none_or(Value::is_null) {
        return Err(ModuleError::failed(format!("source must be specified for mount \"{target}\" of type \"{kind}\"")));
    }
    Ok(())
}
