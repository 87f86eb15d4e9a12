//! What the environment says about the junit report: `JUNIT_OUTPUT_DIR` and its kin.

use std::path::{Path, PathBuf};

use kapell_executor::TaskInfo;

pub(super) struct Options {
    pub(super) directory: PathBuf,
    pub(super) fail_on_change: bool,
    /// A failure that the task ignores counts.
    pub(super) fail_on_ignore: bool,
    pub(super) include_setup: bool,
    pub(super) hide_arguments: bool,
    /// Of names of tasks that are cases even where they do not fail.
    pub(super) prefix: String,
    /// One class a file, not one a task.
    class_of_file: bool,
    relative_to: Option<PathBuf>,
    /// Stands for directories outside of it.
    elsewhere: Option<String>,
}

impl Options {
    pub(super) fn of_environment() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let flag = |name: &str, usual: bool| text(name).map_or(usual, |text| text.eq_ignore_ascii_case("true"));
        let home = || PathBuf::from(text("HOME").unwrap_or_default()).join(".ansible.log");
        Self {
            directory: text("JUNIT_OUTPUT_DIR").map_or_else(home, PathBuf::from),
            fail_on_change: flag("JUNIT_FAIL_ON_CHANGE", false),
            fail_on_ignore: flag("JUNIT_FAIL_ON_IGNORE", false),
            include_setup: flag("JUNIT_INCLUDE_SETUP_TASKS_IN_REPORT", true),
            hide_arguments: text("JUNIT_HIDE_TASK_ARGUMENTS").is_some_and(|text| !text.eq_ignore_ascii_case("false")),
            prefix: text("JUNIT_TEST_CASE_PREFIX").unwrap_or_default(),
            class_of_file: flag("JUNIT_TASK_CLASS", false),
            relative_to: text("JUNIT_TASK_RELATIVE_PATH").map(PathBuf::from),
            elsewhere: text("JUNIT_REPLACE_OUT_OF_TREE_PATH"),
        }
    }

    /// The place of a task: its file and line, as far as the settings want to see it.
    pub(super) fn class(&self, task: &TaskInfo) -> String {
        let Some(origin) = &task.origin else { return String::new() };
        let path = self.shown(origin.path());
        match path.strip_suffix(".yml").filter(|_| self.class_of_file) {
            Some(file) => file.to_owned(),
            None => format!("{path}:{}", origin.line),
        }
    }

    fn shown(&self, path: &Path) -> String {
        let Some(root) = &self.relative_to else { return path.display().to_string() };
        if let Ok(inside) = path.strip_prefix(root) {
            return inside.display().to_string();
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.elsewhere.as_ref().map_or_else(|| path.display().to_string(), |elsewhere| format!("{elsewhere}{name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_below_a_directory_or_with_what_stands_for_others() {
        let options = Options {
            relative_to: Some("/content".into()),
            elsewhere: Some("OUT:".into()),
            ..Options::of_environment()
        };
        assert_eq!(options.shown(Path::new("/content/roles/a.yml")), "roles/a.yml");
        assert_eq!(options.shown(Path::new("/other/a.yml")), "OUT:a.yml");
    }
}
