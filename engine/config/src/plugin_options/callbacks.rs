//! Options of callbacks.

use super::{PluginOption, Unset, plugin_options};

plugin_options! {
    /// Whether check mode is marked in the output.
    "callback" "default" "check_mode_markers" "bool" Unset::Flag(false),
        ini ["defaults"."check_mode_markers"], env ["ANSIBLE_CHECK_MODE_MARKERS"];
    /// Whether failures go to standard error.
    "callback" "default" "display_failed_stderr" "bool" Unset::Flag(false),
        ini ["defaults"."display_failed_stderr"], env ["ANSIBLE_DISPLAY_FAILED_STDERR"];
    /// Whether hosts without a change are shown.
    "callback" "default" "display_ok_hosts" "bool" Unset::Flag(true),
        ini ["defaults"."display_ok_hosts"], env ["ANSIBLE_DISPLAY_OK_HOSTS"];
    /// Whether skipped hosts are shown.
    "callback" "default" "display_skipped_hosts" "bool" Unset::Flag(true),
        ini ["defaults"."display_skipped_hosts"], env ["ANSIBLE_DISPLAY_SKIPPED_HOSTS"];
    /// Whether results are printed on several lines.
    "callback" "default" "pretty_results" "bool" Unset::Nothing,
        ini ["defaults"."callback_format_pretty"], env ["ANSIBLE_CALLBACK_FORMAT_PRETTY"];
    /// How results are printed.
    "callback" "default" "result_format" "str" Unset::Text("json"),
        ini ["defaults"."callback_result_format"], env ["ANSIBLE_CALLBACK_RESULT_FORMAT"], choices ["json" "yaml"];
    /// Whether custom statistics are shown in the recap.
    "callback" "default" "show_custom_stats" "bool" Unset::Flag(false),
        ini ["defaults"."show_custom_stats"], env ["ANSIBLE_SHOW_CUSTOM_STATS"];
    /// Whether the start of a task is shown for each host.
    "callback" "default" "show_per_host_start" "bool" Unset::Flag(false),
        ini ["defaults"."show_per_host_start"], env ["ANSIBLE_SHOW_PER_HOST_START"];
    /// Whether the place of a failed task is shown.
    "callback" "default" "show_task_path_on_failure" "bool" Unset::Flag(false),
        ini ["defaults"."show_task_path_on_failure"], env ["ANSIBLE_SHOW_TASK_PATH_ON_FAILURE"];
    /// Whether a changed task is a failed test.
    "callback" "junit" "fail_on_change" "" Unset::Flag(false),
        env ["JUNIT_FAIL_ON_CHANGE"];
    /// Whether a failure that is ignored is a failed test.
    "callback" "junit" "fail_on_ignore" "" Unset::Flag(false),
        env ["JUNIT_FAIL_ON_IGNORE"];
    /// Whether arguments of tasks are left out.
    "callback" "junit" "hide_task_arguments" "" Unset::Flag(false),
        env ["JUNIT_HIDE_TASK_ARGUMENTS"];
    /// Whether gathering of facts is reported.
    "callback" "junit" "include_setup_tasks_in_report" "" Unset::Flag(true),
        env ["JUNIT_INCLUDE_SETUP_TASKS_IN_REPORT"];
    /// The directory of the reports.
    "callback" "junit" "output_dir" "" Unset::Text("~/.ansible.log"),
        env ["JUNIT_OUTPUT_DIR"];
    /// What stands for paths outside the directory that paths are relative to.
    "callback" "junit" "replace_out_of_tree_path" "" Unset::Text("none"),
        env ["JUNIT_REPLACE_OUT_OF_TREE_PATH"];
    /// Whether the file of a task is its class.
    "callback" "junit" "task_class" "" Unset::Flag(false),
        env ["JUNIT_TASK_CLASS"];
    /// The directory that paths of tasks are relative to.
    "callback" "junit" "task_relative_path" "" Unset::Text("none"),
        env ["JUNIT_TASK_RELATIVE_PATH"];
    /// What names of tasks that are tests start with.
    "callback" "junit" "test_case_prefix" "" Unset::Text("<empty>"),
        env ["JUNIT_TEST_CASE_PREFIX"];
    /// Whether results are printed on several lines.
    "callback" "minimal" "pretty_results" "bool" Unset::Nothing,
        ini ["defaults"."callback_format_pretty"], env ["ANSIBLE_CALLBACK_FORMAT_PRETTY"];
    /// How results are printed.
    "callback" "minimal" "result_format" "str" Unset::Text("json"),
        ini ["defaults"."callback_result_format"], env ["ANSIBLE_CALLBACK_RESULT_FORMAT"], choices ["json" "yaml"];
    /// The directory of the results.
    "callback" "tree" "directory" "path" Unset::Text("~/.ansible/tree"),
        ini ["callback_tree"."directory"], env ["ANSIBLE_CALLBACK_TREE_DIR"];
}
