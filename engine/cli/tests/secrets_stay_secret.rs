//! What a run says and leaves behind is searched for every secret it had: vaulted values, passwords, `no_log` tasks.
//! Whatever the verbosity and the callbacks, whether tasks do well or fail, none is found.
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

mod loopback;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use kapell_test_support::{Account, Sshd};
use loopback::{Project, count, files_below, said};

const INLINE: &str = "inline-Secret-77aa";
const OF_FILE: &str = "file-Secret-88bb";
const OF_LINES: &str = "first-Line-of-a-key-01\nsecond-Line-of-a-key-02\n";
/// Only in tasks that say `no_log`.
const NO_LOG: &str = "nolog-Secret-99cc";
/// Only in arguments that are passwords.
const ARGUMENT: &str = "argument-Secret-11dd";
const VAULT_PASSWORD: &str = "vault-Password-55ee";

const SECRETS: [&str; 8] = [
    INLINE,
    OF_FILE,
    "first-Line-of-a-key-01",
    "second-Line-of-a-key-02",
    NO_LOG,
    ARGUMENT,
    VAULT_PASSWORD,
    Account::PASSWORD,
];

/// Says its secrets in every way in which results and errors come about.
const TALKATIVE: &str = "
- name: Play with {{ more }}
  hosts: bob
  vars_files: [more.yml]
  gather_facts: true
  handlers:
    - name: Handle it
      command: echo {{ of_file }}
  tasks:
    - name: Name with {{ inline }}
      command: echo {{ inline }} {{ of_file }}
      register: out
      notify: Handle it
    - debug: {msg: '{{ out.stdout }} {{ inline }}'}
    - debug: {var: out}
    - debug: {var: of_lines}
    - debug: {msg: '{{ hostvars[inventory_hostname].of_file }} {{ vars.of_lines }} {{ vars.login }}'}
    - debug: {var: hostvars.bob.inline}
    - copy: {content: \"x={{ inline }}\\n{{ of_lines }}\", dest: '{{ mine }}/copied', mode: '0600'}
    - copy: {content: \"x={{ of_file }}\\n\", dest: '{{ mine }}/copied', mode: '0600'}
    - template: {src: text.j2, dest: '{{ mine }}/rendered', mode: '0600'}
    - lineinfile: {path: '{{ mine }}/rendered', line: 'y={{ inline }}'}
    - blockinfile: {path: '{{ mine }}/rendered', block: '{{ of_lines }}'}
    - replace: {path: '{{ mine }}/rendered', regexp: 'y=.*', replace: 'z={{ of_file }}'}
    - command: echo {{ item }} {{ item }}
      loop: ['{{ inline }}', '{{ of_file }}']
    - command: echo {{ item.name }}
      loop: [{name: '{{ inline }}'}]
      loop_control: {label: 'label {{ item.name }}'}
    - set_fact: {kept: '{{ inline }}', '{{ inline | regex_replace(\"[^a-z]\", \"\") }}': 1}
    - shell: echo $TOKEN; echo $TOKEN >&2
      environment: {TOKEN: '{{ inline }}'}
    - command: {cmd: cat, stdin: '{{ of_lines }}'}
    - script: script.sh {{ inline }}
    - raw: echo {{ inline }}
    - command: echo {{ inline }}
      async: 30
      poll: 1
    - fail: {msg: 'bad {{ inline }}'}
      ignore_errors: true
    - assert: {that: \"inline == 'a'\", fail_msg: 'is {{ inline }}', success_msg: '{{ inline }}'}
      ignore_errors: true
    - command: cat /nonexistent/{{ inline }}
      ignore_errors: true
    - command: /nonexistent/{{ of_file }}
      ignore_errors: true
    - shell: echo {{ of_file }} >&2; exit 3
      retries: 1
      delay: 0
      until: false
      ignore_errors: true
    - debug: {msg: '{{ nothing[inline] }}'}
      ignore_errors: true
    - debug: {msg: '{{ inline | int + inline }}'}
      ignore_errors: true
    - file: {path: '{{ mine }}', state: '{{ inline }}'}
      ignore_errors: true
    - copy: {src: '{{ inline }}', dest: '/nowhere'}
      ignore_errors: true
    - include_vars: more.yml
    - debug: {msg: '{{ more }}'}
    - command: echo {{ said_in_private }}
      no_log: true
      register: hidden
    - command: sh -c 'echo {{ said_in_private }}; exit 1'
      no_log: true
      ignore_errors: true
    - copy: {content: '{{ said_in_private }}', dest: '{{ mine }}/private', mode: '0600'}
      no_log: true
    - command: echo {{ item }}
      loop: ['{{ said_in_private }}']
      no_log: true
    - uri: {url: 'http://127.0.0.1:1/', url_username: u, url_password: '{{ argument }}', force_basic_auth: true}
      ignore_errors: true
    - get_url: {url: 'http://127.0.0.1:1/', dest: '{{ mine }}/got', url_username: u, url_password: '{{ argument }}'}
      ignore_errors: true
    - command: id -un
      become: true
    - command: id -un
      become: true
      become_user: carol
      vars: {ansible_become_method: su}
    - debug: {msg: 'reached the end'}
    - fail: {msg: 'so that there is a retry file: {{ inline }}'}
";

/// No task's own command line holds a secret.
const DISCREET: &str = "
- hosts: bob
  gather_facts: false
  tasks:
    - command: cat
      args: {stdin: '{{ inline }}'}
    - shell: test -n \"$TOKEN\"; sleep 0.3
      environment: {TOKEN: '{{ inline }}'}
    - copy: {content: '{{ inline }}', dest: '{{ mine }}/copied', mode: '0600'}
    - template: {src: text.j2, dest: '{{ mine }}/rendered', mode: '0600'}
    - uri: {url: 'http://127.0.0.1:1/', url_username: u, url_password: '{{ argument }}'}
      ignore_errors: true
    - community.general.htpasswd:
        {path: '{{ mine }}/users', name: web, password: '{{ argument }}', hash_scheme: sha512_crypt}
      ignore_errors: true
    - community.crypto.openssh_keypair: {path: '{{ mine }}/key', type: ed25519, passphrase: '{{ argument }}'}
      ignore_errors: true
    - community.crypto.openssl_privatekey:
        {path: '{{ mine }}/pem', type: ECC, curve: secp256r1, passphrase: '{{ argument }}', cipher: auto}
      ignore_errors: true
    - shell: sleep 0.3
      become: true
    - shell: sleep 0.3
      become: true
      become_user: carol
      vars: {ansible_become_method: su}
    - raw: sleep 0.3
      become: true
    - debug: {msg: 'reached the end'}
";

/// Held while every command line of the machine is looked at: those of the other tests do hold secrets.
static WATCHED: RwLock<()> = RwLock::new(());

fn unwatched() -> RwLockReadGuard<'static, ()> {
    WATCHED.read().unwrap_or_else(PoisonError::into_inner)
}

/// Command lines of all processes, looked at again and again.
struct Watcher {
    is_over: Arc<AtomicBool>,
    found: Arc<Mutex<BTreeSet<String>>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watcher {
    fn begin() -> Self {
        let (is_over, found) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(BTreeSet::new())));
        let (stop, seen) = (Arc::clone(&is_over), Arc::clone(&found));
        let thread = std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                for entry in std::fs::read_dir("/proc").unwrap().flatten() {
                    let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
                    let line = String::from_utf8_lossy(&line).replace('\0', " ");
                    if SECRETS.iter().any(|secret| line.contains(secret)) {
                        seen.lock().unwrap().insert(line);
                    }
                }
                std::thread::sleep(Duration::from_millis(3));
            }
        });
        Self { is_over, found, thread: Some(thread) }
    }

    fn found(mut self) -> BTreeSet<String> {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
        std::mem::take(&mut self.found.lock().unwrap())
    }
}

fn prepare() -> Option<Project> {
    let project = Project::start()?;
    let Sshd { port, known_hosts, .. } = &project.server;
    // Bob logs in and becomes others with his password.
    let inventory = format!(
        "bob ansible_host=127.0.0.1 ansible_port={port} ansible_user=bob\n[all:vars]\n\
         ansible_ssh_common_args=-F none -o IdentityAgent=none -o PubkeyAuthentication=no -o UserKnownHostsFile={}\n",
        known_hosts.display()
    );
    project.write("hosts.ini", inventory);
    project.write("vault-password", VAULT_PASSWORD);
    project.write("site.yml", TALKATIVE);
    project.write("discreet.yml", DISCREET);
    project.write("templates/text.j2", "a={{ inline }}\nb={{ of_file }}\n");
    project.write("script.sh", "#!/bin/sh\necho got $1\n");
    project.write("private.yml", format!("said_in_private: {NO_LOG}\nargument: {ARGUMENT}\n"));
    let vault = |words: &[&str]| {
        let words = [&["vault"], words, &["--vault-password-file", "vault-password"]].concat();
        let output = project.kapell(&words).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let all = format!(
        "{}ansible_password: '{{{{ login }}}}'\nansible_become_password: '{{{{ login }}}}'\n",
        vault(&["encrypt_string", INLINE, "--name", "inline"])
    );
    project.write("group_vars/all/inline.yml", all);
    let lines = OF_LINES.replace('\n', "\\n");
    project.write(
        "group_vars/all/whole.yml",
        format!("of_file: {OF_FILE}\nlogin: {}\nof_lines: \"{lines}\"\n", Account::PASSWORD),
    );
    project.write("more.yml", format!("more: {OF_FILE}\n"));
    vault(&["encrypt", "group_vars/all/whole.yml", "more.yml"]);
    Some(project)
}

fn play(project: &Project, playbook: &str, more: &[&str], environment: &[(&str, &str)]) -> Output {
    let mine = format!("mine={}", project.server.home(Account::Bob).display());
    let words = [
        &[
            "playbook",
            "-i",
            "hosts.ini",
            playbook,
            "--vault-password-file",
            "vault-password",
            "-e",
            "@private.yml",
            "-e",
            &mine,
        ],
        more,
    ]
    .concat();
    let mut command: Command = project.kapell(&words);
    command.envs(environment.iter().copied());
    command
        .env("ANSIBLE_LOG_PATH", "log")
        .env("ANSIBLE_RETRY_FILES_ENABLED", "true")
        .env("ANSIBLE_CACHE_PLUGIN", "jsonfile")
        .env("ANSIBLE_CACHE_PLUGIN_CONNECTION", "facts")
        .env("ANSIBLE_CALLBACKS_ENABLED", "timer,profile_tasks,junit,tree")
        .env("ANSIBLE_CALLBACK_TREE_DIR", "tree")
        .env("JUNIT_OUTPUT_DIR", "junit")
        .env("ANSIBLE_DISPLAY_ARGS_TO_STDOUT", "true")
        .env("ANSIBLE_DEPRECATION_WARNINGS", "true");
    command.output().unwrap()
}

fn secrets_in(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| SECRETS.iter().any(|secret| line.contains(secret)));
    lines.map(|line| line.chars().take(300).collect()).collect()
}

/// Files in which no secret may be, although they lie there after the run.
fn left_behind(project: &Project) -> Vec<PathBuf> {
    let given = ["private.yml", "vault-password", "site.yml"].map(|name| project.path(name));
    let own = files_below(&project.path("")).into_iter().filter(move |path| !given.contains(path));
    let homes = Account::ALL.map(|account| project.server.home(account));
    let wanted = ["copied", "rendered", "private"];
    let is_wanted = move |path: &PathBuf| wanted.iter().any(|name| path.ends_with(name));
    let on_node = homes.into_iter().flat_map(|home| files_below(&home)).filter(move |path| !is_wanted(path));
    // The server's processes have a /var/tmp of their own.
    let ours = ["/tmp", "/dev/shm"].map(PathBuf::from).into_iter().flat_map(|place| {
        let entries = std::fs::read_dir(place).into_iter().flatten().flatten().map(|entry| entry.path());
        entries.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains("kapell-")))
    });
    let ours = ours.filter(|path| !path.to_string_lossy().contains("kapell-sshd-")).flat_map(|path| files_below(&path));
    own.chain(on_node).chain(ours).collect()
}

fn assert_nothing_is_found(project: &Project, output: &Output, how: &str) {
    let said = said(output);
    let shown = secrets_in(&said);
    assert!(shown.is_empty(), "{how}: said {} times:\n{}", shown.len(), shown.join("\n"));
    for path in left_behind(project) {
        let content = std::fs::read(&path).unwrap_or_default();
        let found = secrets_in(&String::from_utf8_lossy(&content));
        assert!(found.is_empty(), "{how}: left in {}:\n{}", path.display(), found.join("\n"));
    }
}

fn files_named<'a>(project: &'a Project, part: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
    files_below(&project.path("")).into_iter().filter(move |path| path.to_string_lossy().contains(part))
}

#[test]
fn nothing_a_run_says_or_leaves_behind_holds_a_secret() {
    let _unwatched = unwatched();
    let Some(project) = prepare() else { return };
    let ways: &[(&[&str], &str)] = &[
        (&["--diff"], "default"),
        (&["-v", "--diff"], "default"),
        (&["-vvv", "--diff"], "default"),
        (&["-vvvvvv"], "default"),
        (&["--diff", "--check"], "default"),
        (&["-vvvv", "--diff"], "minimal"),
        (&["-v"], "oneline"),
        (&["-vvvv", "--diff"], "json"),
        (&["-vvvv", "--diff"], "jsonl"),
        (&["-v", "--diff"], "yaml"),
    ];
    for (arguments, callback) in ways {
        let environment = [("ANSIBLE_STDOUT_CALLBACK", *callback)];
        let output = play(&project, "site.yml", arguments, &environment);
        let how = format!("{callback} {arguments:?}");
        assert!(said(&output).contains("reached the end"), "{how}: {}", said(&output));
        assert_nothing_is_found(&project, &output, &how);
    }
    for kept in ["log", "tree/", "junit/", "facts/", ".retry"] {
        assert!(files_named(&project, kept).next().is_some(), "{kept} is written");
    }
}

#[test]
fn no_command_line_holds_a_secret() {
    let _watched = WATCHED.write().unwrap_or_else(PoisonError::into_inner);
    let Some(project) = prepare() else { return };
    let watcher = Watcher::begin();
    let output = play(&project, "discreet.yml", &["-vvvv", "--diff"], &[]);
    let found = watcher.found();
    assert_eq!(count(&output, "bob", "failed"), Some(0), "{}", said(&output));
    assert!(said(&output).contains("reached the end"), "{}", said(&output));
    assert!(found.is_empty(), "{found:?}");
    assert_nothing_is_found(&project, &output, "discreet");
}

#[test]
fn a_wrong_password_is_not_repeated() {
    let _unwatched = unwatched();
    let Some(project) = prepare() else { return };
    for (variable, expected) in [("ansible_password", "Permission denied"), ("ansible_become_password", "ncorrect")] {
        project.write("private.yml", format!("argument: x\n{variable}: {ARGUMENT}\n"));
        let output = play(&project, "discreet.yml", &["-vvvvvv"], &[]);
        assert!(said(&output).contains(expected), "{}", said(&output));
        assert_nothing_is_found(&project, &output, variable);
    }
}

/// What ends a run before its tasks is told without secrets, too.
#[test]
fn errors_that_stop_a_run_are_no_exception() {
    let _unwatched = unwatched();
    let Some(project) = prepare() else { return };
    let play_of = |tasks: &str| format!("- hosts: bob\n  gather_facts: false\n  tasks:\n{tasks}");
    for tasks in [
        "    - command: 'true'\n      notify: '{{ inline }}'\n",
        "    - import_tasks: '{{ inline }}'\n",
        "    - include_tasks: '{{ inline }}.yml'\n",
        "    - include_role: {name: '{{ inline }}'}\n",
        "    - meta: '{{ inline }}'\n",
        "    - command: 'true'\n      delegate_to: '{{ inline }}'\n",
        "    - command: 'true'\n      become: true\n      become_method: '{{ inline }}'\n",
        "    - command: 'true'\n      vars: {ansible_connection: '{{ inline }}'}\n",
        "    - command: 'true'\n      vars: {ansible_host: '{{ inline }}', ansible_timeout: 3}\n",
        "    - action: '{{ inline }}'\n",
        "    - command: 'true'\n      when: inline\n",
        "    - debug: {msg: x}\n      loop: '{{ inline }}'\n",
    ] {
        project.write("stop.yml", play_of(tasks));
        let output = play(&project, "stop.yml", &["-vvv"], &[]);
        assert_ne!(output.status.code(), Some(0), "{tasks}: {}", said(&output));
        assert_nothing_is_found(&project, &output, tasks);
    }
}

#[test]
fn the_node_is_where_the_secrets_went() {
    let _unwatched = unwatched();
    let Some(project) = prepare() else { return };
    play(&project, "site.yml", &[], &[]);
    let read = |name: &str| std::fs::read_to_string(project.server.home(Account::Bob).join(name)).unwrap();
    assert_eq!(read("copied"), format!("x={OF_FILE}\n"), "what is hidden is what is shown, not what is done");
    assert_eq!(read("private"), NO_LOG);
    assert!(read("rendered").contains(OF_FILE) && read("rendered").contains("second-Line-of-a-key-02"));
    assert!(Path::new(&project.path("log")).exists());
}
