//! `CopyCall`: what a copy was called with, as results tell it. ansible-core has two modules do it, one that writes and
//! one that sets attributes, or none where nothing had to be sent; readers of results know which by the arguments.

use std::path::Path;

use kapell_modules::{Arg, check_arguments, find};
use kapell_parsing::{Key, Map, Value};

use super::{json_map, value_map};
use crate::TaskResult;

/// What stands for a `content` among the arguments, and in the list of those a module got.
const HIDDEN: [&str; 2] = ["CENSORED: content is a no_log parameter", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"];
/// What a file that is there already is still asked for.
const OF_ATTRIBUTES: [&str; 10] =
    ["dest", "mode", "owner", "group", "attributes", "force", "selevel", "serole", "setype", "seuser"];

pub(super) struct CopyCall {
    /// The arguments as the action got them.
    pub(super) given: Map,
    /// The name of the source; contents have none.
    pub(super) basename: Option<String>,
    /// Where contents are before they are written. Ansible's file is gone by then; ours never was there, and its name
    /// says no more than that.
    pub(super) staged: String,
}

impl CopyCall {
    pub(super) fn of_content(given: &Map, remote_tmp: &str, dest: &str) -> Self {
        Self { given: given.clone(), basename: None, staged: staged_name(remote_tmp, dest) }
    }

    pub(super) fn of_file(given: &Map, remote_tmp: &str, source: &Path) -> Self {
        let basename = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { given: given.clone(), staged: staged_name(remote_tmp, &basename), basename: Some(basename) }
    }

    /// Puts the call into a result of the copy module.
    pub(super) fn tell(&self, result: &mut TaskResult) {
        let has = |key: &str| result.data.contains_key(key);
        if !has("invocation") || has("ansible_job_id") {
            return;
        }
        let is_written = has("md5sum") || result.says_failed() && has("checksum");
        let is_looked_at = has("path") || result.says_failed() && has("diff");
        let invocation = if is_written {
            if has("src") || has("md5sum") {
                result.set("src", self.staged.as_str());
            }
            self.written(result)
        } else if is_looked_at {
            self.looked_at(result)
        } else if result.says_failed() {
            return forget_if_not_called(result);
        } else {
            if self.basename.is_none() && has("src") {
                result.set("src", self.staged.as_str());
            }
            self.unsent()
        };
        result.set("invocation", invocation);
    }

    /// The contents were sent and written.
    fn written(&self, result: &TaskResult) -> Value {
        let told = result.data.get("invocation").and_then(|told| told.get("module_args")).and_then(Value::as_map);
        let mut args = told.cloned().unwrap_or_default();
        args.insert("_original_basename".into(), self.basename().into());
        args.insert("src".into(), self.staged.as_str().into());
        let checksum = result.data.get("checksum").filter(|_| args.get("checksum").is_none_or(Value::is_null));
        args.extend(checksum.cloned().map(|checksum| ("checksum".into(), checksum)));
        module_args(args)
    }

    /// The contents were there already: only attributes were looked at.
    fn looked_at(&self, result: &TaskResult) -> Value {
        let is_of_them =
            |key: &Key| key.as_str().is_some_and(|key| OF_ATTRIBUTES.contains(&key) || key == "unsafe_writes");
        let kept = self.given.iter().filter(|(key, _)| is_of_them(key));
        let mut args: Map = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
        let dest = args.shift_remove("dest").unwrap_or(Value::Null);
        args.insert("path".into(), result.data.get("path").unwrap_or(&dest).clone());
        args.insert("state".into(), "file".into());
        args.insert("_original_basename".into(), self.basename().into());
        let specs: Vec<Arg> =
            find("ansible.builtin.file").map(|file| file.all_args().copied().collect()).unwrap_or_default();
        let mut args =
            check_arguments("file", &specs, &[], &json_map(&args)).map_or(args, |checked| value_map(&checked));
        args.insert("dest".into(), dest);
        module_args(args)
    }

    /// Nothing was called on the node: the task's own arguments, twice.
    pub(super) fn unsent(&self) -> Value {
        unsent(&self.given)
    }

    /// Contents are handed over in a file with a name that means nothing.
    fn basename(&self) -> String {
        let nameless = || format!(".{:08x}", std::process::id());
        self.basename.clone().unwrap_or_else(nameless)
    }
}

/// The arguments of a task that called nothing on the node.
pub(super) fn unsent(given: &Map) -> Value {
    let hidden = |text: &str| {
        let mut args = given.clone();
        args.get_mut("content").into_iter().for_each(|content| *content = text.into());
        args
    };
    let mut told = hidden(HIDDEN[0]);
    told.insert("module_args".into(), Value::map(hidden(HIDDEN[1])));
    Value::map(told)
}

/// Where looking at the destination failed already, no module was called.
pub(super) fn forget_if_not_called(result: &mut TaskResult) {
    let is_own = |msg: &Value| msg.as_str().is_some_and(|msg| msg.starts_with("Task failed: "));
    if result.data.get("msg").is_some_and(is_own) {
        result.data.shift_remove("invocation");
    }
}

fn module_args(args: Map) -> Value {
    Value::map(Map::from_iter([("module_args".into(), Value::map(args))]))
}

/// The name of the file on the node in which contents named `name` would have come there.
pub(super) fn staged_name(remote_tmp: &str, name: &str) -> String {
    let extension = Path::new(name).extension().map(|text| format!(".{}", text.to_string_lossy())).unwrap_or_default();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    format!("{remote_tmp}/ansible-tmp-{now:.7}-{}/.source{extension}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: &serde_json::Value) -> Map {
        Value::from_json(json).as_map().cloned().unwrap_or_default()
    }

    fn told(result: &serde_json::Value) -> serde_json::Value {
        let given = map(&serde_json::json!({"content": "secret", "dest": "/d", "backup": true, "mode": "0600"}));
        let call = CopyCall::of_content(&given, "/tmp", "/d");
        let mut result = TaskResult::new(map(result));
        call.tell(&mut result);
        result.data.get("invocation").unwrap().to_json()
    }

    #[test]
    fn what_was_written_came_in_a_file_and_has_a_checksum() {
        let worker = serde_json::json!({"module_args": {"checksum": null, "src": null, "dest": "/d"}});
        let told = told(&serde_json::json!({"md5sum": "m", "checksum": "c", "invocation": worker}));
        assert_eq!(told["module_args"]["checksum"], "c");
        assert!(told["module_args"]["src"].as_str().unwrap().starts_with("/tmp/ansible-tmp-"));
    }

    #[test]
    fn what_was_there_is_only_looked_at() {
        let told = told(&serde_json::json!({"path": "/d", "checksum": "c", "invocation": {"module_args": {}}}));
        let args = &told["module_args"];
        assert_eq!((args["state"].as_str(), args["mode"].as_str()), (Some("file"), Some("0600")));
        assert_eq!((args.get("backup"), args["follow"].as_bool()), (None, Some(true)));
    }

    #[test]
    fn what_is_not_sent_repeats_the_task_without_its_contents() {
        let told = told(&serde_json::json!({"changed": true, "diff": [], "invocation": {"module_args": {}}}));
        assert_eq!(told["mode"], "0600");
        assert!(!told.to_string().contains("secret"), "{told}");
    }
}
