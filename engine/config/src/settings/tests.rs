//! Loading settings: places, precedence, types, and the table itself.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// A directory with an `ansible.cfg`, removed at the end.
struct Project(PathBuf);

impl Project {
    fn new(name: &str, config: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("kapell-config-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(directory.join("ansible.cfg"), config).unwrap();
        Self(directory)
    }

    fn load(&self, environment: &[(&str, &str)]) -> Result<Settings, String> {
        let (settings, warnings) = self.load_with_warnings(environment);
        assert_eq!(warnings, Vec::<String>::new());
        settings
    }

    fn load_with_warnings(&self, environment: &[(&str, &str)]) -> (Result<Settings, String>, Vec<String>) {
        let environment = [("HOME", "/home/ann")].into_iter().chain(environment.iter().copied()).collect();
        let mut warnings = Vec::new();
        let settings = Settings::load(&environment, &self.0, &mut warnings).map_err(|error| error.to_string());
        (settings, warnings.iter().map(ToString::to_string).collect())
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.0.join(inside)
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_default_has_its_type() {
    let settings = Settings::default();
    assert_eq!(settings.forks, 64);
    assert_eq!(settings.remote_user, None);
    assert_eq!(settings.inventory, ["/etc/ansible/hosts"]);
    assert_eq!(settings.inventory_enabled, ["host_list", "script", "auto", "yaml", "ini", "toml"]);
    assert_eq!(settings.gathering, Gathering::Implicit);
}

#[test]
fn the_table_has_every_option_once() {
    let (mut names, mut inis, mut envs) = (HashSet::new(), HashSet::new(), HashSet::new());
    // The cache of inventories is where facts are cached, and inventories end as files of variables do, unless told apart.
    let shared = ["fact_caching", "ANSIBLE_CACHE_PLUGIN", "yaml_valid_extensions", "ANSIBLE_YAML_FILENAME_EXT"];
    let is_shared = |name: &str| shared.iter().any(|shared| name.starts_with(shared));
    for row in OPTIONS {
        assert!(names.insert(row.name), "{}", row.name);
        assert!(row.ini.iter().all(|ini| inis.insert(*ini) || is_shared(ini.1)), "{:?}", row.ini);
        assert!(row.env.iter().all(|env| envs.insert(*env) || is_shared(env)), "{:?}", row.env);
        assert!(!row.doc.is_empty() && !row.ini.is_empty(), "{}", row.name);
    }
}

#[test]
fn values_of_the_file_are_read_by_their_type() {
    let config = "[defaults]\nforks = 7 ; seven\nremote_user = \"bob\"\nTimeout: 22\n\
        inventory = inv/hosts, other,~/x,$HOME/y,{{CWD}}/z\nroles_path = roles:~/r::/abs\nlog_path = logs/a.log\n\
        callbacks_enabled = a, \"b\" ,\n  'c'\nansible_managed = 100% by %(me)s ; x\nremote_tmp = $HOME/t\nretry_files_save_path =\n\
        host_key_checking=no\ngathering = smart\n[ssh_connection]\nhost_key_checking = yes\nretries = 3.0\n\
        [privilege_escalation]\nbecome = True\nbecome_flags = -H\n";
    let project = Project::new("types", config);
    let settings = project.load(&[]).unwrap();
    let here = |inside: &str| project.path(inside).to_string_lossy().into_owned();
    assert_eq!(settings.config_file, Some(project.path("ansible.cfg")));
    assert_eq!((settings.forks, settings.timeout, settings.ssh_retries), (7, 22, 3));
    assert_eq!(settings.remote_user.as_deref(), Some("bob"));
    assert_eq!(
        settings.inventory,
        [here("inv/hosts"), here("other"), "/home/ann/x".into(), "/home/ann/y".into(), here("z")]
    );
    assert_eq!(settings.roles_path, [project.path("roles"), "/home/ann/r".into(), "/abs".into()]);
    assert_eq!(settings.log_path, Some(project.path("logs/a.log")));
    assert_eq!(settings.callbacks_enabled, ["a", "b", "c"]);
    assert_eq!(settings.ansible_managed, "100% by %(me)s");
    assert_eq!(settings.remote_tmp, "$HOME/t");
    assert_eq!(settings.retry_files_save_path, None);
    assert_eq!(settings.gathering, Gathering::Smart);
    assert!(settings.host_key_checking && settings.become_);
    assert_eq!(settings.become_flags.as_deref(), Some("-H"));
    assert_eq!(settings.collections_paths[0], Path::new("/home/ann/.ansible/collections"));
}

#[test]
fn the_environment_comes_first_and_ours_before_theirs() {
    let project = Project::new("precedence", "[defaults]\nforks = 7\nhome = sub/home\nremote_user = x\n");
    let environment = [
        ("ANSIBLE_FORKS", "8"),
        ("KAPELL_FORKS", "9"),
        ("ANSIBLE_REMOTE_USER", "\"eve\""),
        ("ANSIBLE_LOG_PATH", "rel"),
        ("ANSIBLE_TIMEOUT", ""),
        ("ANSIBLE_RUN_TAGS", "a,,b"),
        ("NO_COLOR", "please"),
    ];
    let settings = project.load(&environment).unwrap();
    assert_eq!((settings.forks, settings.timeout), (9, 10));
    assert_eq!(settings.remote_user.as_deref(), Some("\"eve\""));
    assert_eq!(settings.log_path, Some(project.path("rel")));
    assert_eq!(settings.tags_run, ["a", "b"]);
    assert!(settings.nocolor);
    assert_eq!(settings.local_tmp, project.path("sub/home/tmp"));
    let moved = project.load(&[("ANSIBLE_HOME", "/srv/a")]).unwrap();
    assert_eq!(moved.roles_path[0], Path::new("/srv/a/roles"));
}

#[test]
fn wrong_types_name_file_line_and_option() {
    let cases = [
        ("[defaults]\nforks = many\n", "option 'forks' in section 'defaults' must be an integer, not 'many'", ":2:1"),
        (
            "[defaults]\n\nno_log = maybe\n",
            "option 'no_log' in section 'defaults' must be a boolean, not 'maybe'",
            ":3:1",
        ),
        ("[defaults]\ngathering = all\n", "must be one of implicit explicit smart, not 'all'", ":2:1"),
        ("[defaults]\ntimeout = 3\n  4\n", "must be an integer, not '3\n4'", ":2:1"),
        ("[defaults]\nforks\n", "this line is not `option = value`", ":2:1"),
    ];
    for (config, message, place) in cases {
        let project = Project::new("wrong", config);
        let error = project.load(&[]).unwrap_err();
        let place = format!("{}{place}", project.path("ansible.cfg").display());
        assert!(error.contains(message) && error.contains(&place), "{error}");
    }
    let error = Project::new("wrong-env", "").load(&[("KAPELL_FORKS", "-1")]).unwrap_err();
    assert_eq!(error, "environment variable KAPELL_FORKS must be an integer, not '-1'");
}

#[test]
fn a_file_in_a_directory_open_to_everybody_is_left_alone() {
    let project = Project::new("open", "[defaults]\nforks = 7\n");
    fs::set_permissions(&project.0, fs::Permissions::from_mode(0o777)).unwrap();
    let (settings, warnings) = project.load_with_warnings(&[]);
    assert_ne!(settings.unwrap().forks, 7);
    assert!(warnings[0].contains("everybody may write to"), "{warnings:?}");
    let named = project.path("ansible.cfg");
    let settings = project.load(&[("ANSIBLE_CONFIG", named.to_str().unwrap())]).unwrap();
    assert_eq!(settings.forks, 7);
    let (settings, warnings) = project.load_with_warnings(&[("ANSIBLE_CONFIG", "nowhere.cfg"), ("HOME", "/nowhere")]);
    assert_eq!(settings.unwrap().config_file.filter(|file| file.starts_with(&project.0)), None);
    assert!(warnings[0].contains("nowhere.cfg"), "{warnings:?}");
}
