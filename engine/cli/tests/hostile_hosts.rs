//! Hosts that are out to do harm: wrong frames, output and demands without end, lengths of gigabytes, templates in facts.
//! Each harms itself only: the others finish, memory stays bounded, and nothing a host says is run here.
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

mod loopback;

use std::time::{Duration, Instant};

use kapell_test_support::odd_server::{OddServer, Oddity};
use loopback::{Project, count, said};
use serde_json::{Value, json};

/// Of the control node's process: what a run with good hosts takes, and one unfolded message for each bad one that
/// sends such; how many are there at the same time is chance.
const MOST_MEMORY: u64 = 2 << 30;
const PATIENCE: Duration = Duration::from_secs(150);

const ODDITIES: &[(&str, Oddity)] = &[
    ("noise", Oddity::ExecFloods),
    ("banner", Oddity::BannerIsEndless),
    ("nonsense", Oddity::ScriptTalksNonsense),
    ("discontent", Oddity::ScriptIsNeverContent),
    ("garbage", Oddity::HelloIsGarbage),
    ("huge-hello", Oddity::HelloIsHuge),
    ("wrong", Oddity::AnswersAreWrong),
    ("huge", Oddity::AnswersAreHuge),
    ("cut", Oddity::AnswersAreCut),
    ("unfolds", Oddity::AnswersUnfold),
    ("flood", Oddity::AnswersFlood),
    ("greedy", Oddity::ContentsAreWantedWithoutEnd),
];

const PLAYBOOK: &str = "
- hosts: all
  gather_facts: false
  tasks:
    - command: echo one
      timeout: '{{ patience | default(20) }}'
    - copy: {content: 'a text', dest: '/var/tmp/{{ inventory_hostname }}-copied'}
      timeout: '{{ patience | default(20) }}'
    - command: echo two
      timeout: '{{ patience | default(20) }}'
- hosts: good1, good2
  gather_facts: false
  tasks:
    - debug: {msg: 'finished {{ inventory_hostname }}'}
";

/// The most memory the process has, looked at until it ends.
fn peak_of(child: &mut std::process::Child) -> u64 {
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = peak.max(kilobytes.unwrap_or(0) * 1024);
        std::thread::sleep(Duration::from_millis(20));
    }
    peak
}

#[test]
fn hostile_hosts_harm_only_themselves() {
    let Some(project) = Project::start() else { return };
    let odd: Vec<OddServer> = ODDITIES.iter().map(|(_, oddity)| OddServer::start(*oddity)).collect();
    let mut hosts = vec![("good1".to_owned(), project.server.port)];
    hosts.extend(ODDITIES.iter().zip(&odd).map(|((name, _), server)| ((*name).to_owned(), server.port)));
    hosts.push(("good2".to_owned(), project.server.port));
    project.inventory(&hosts);
    for good in ["good1", "good2"] {
        // On a busy machine they are served slowly as long as others flood it.
        project.write(&format!("host_vars/{good}.yml"), "ansible_timeout: 90\npatience: 120\n");
    }
    project.write("site.yml", PLAYBOOK);
    let begun = Instant::now();
    let log = project.path("output");
    let file = std::fs::File::create(&log).unwrap();
    let mut child = project
        .kapell(&["playbook", "-i", "hosts.ini", "site.yml"])
        .env("ANSIBLE_HOST_KEY_CHECKING", "false")
        .env("ANSIBLE_TIMEOUT", "5")
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .spawn()
        .unwrap();
    let peak = peak_of(&mut child);
    let status = child.wait().unwrap();
    let printed = String::from_utf8_lossy(&std::fs::read(&log).unwrap()).into_owned();
    let shown: String = printed.chars().take(6000).collect();
    assert!(begun.elapsed() < PATIENCE, "took {:?}\n{shown}", begun.elapsed());
    let output = std::process::Output { status, stdout: printed.into_bytes(), stderr: Vec::new() };
    for good in ["good1", "good2"] {
        assert_eq!(count(&output, good, "ok"), Some(4), "{good}\n{shown}");
        assert_eq!(count(&output, good, "failed"), Some(0), "{good}\n{shown}");
    }
    for (bad, _) in ODDITIES {
        let harmed = count(&output, bad, "unreachable").unwrap_or(0) + count(&output, bad, "failed").unwrap_or(0);
        assert_eq!(harmed, 1, "{bad}\n{shown}");
    }
    println!("{} hostile hosts: {:.1?}, {} MiB at most", ODDITIES.len(), begun.elapsed(), peak >> 20);
    assert!(peak < MOST_MEMORY, "{} MiB", peak >> 20);
}

/// Would leave a file behind wherever it were rendered or run.
fn trap(mark: &str) -> String {
    format!("{{{{ lookup('pipe', 'touch {mark}') }}}}")
}

/// What a bad host says of itself: settings of the connection, magic variables, templates as keys and as values.
fn poison(mark: &str) -> Value {
    let trap = trap(mark);
    let lines = format!("{{% set x = lookup('pipe', 'touch {mark}') %}}{{# #}}#jinja2: variable_start_string:'[['");
    json!({
        "changed": false,
        "rc": 0,
        "stdout": trap,
        "stderr": lines,
        "msg": trap,
        "warnings": [trap, lines],
        "deprecations": [{"msg": trap, "version": trap}],
        "exception": trap,
        "diff": [{"before": trap, "after": lines, "before_header": trap}],
        "_ansible_no_log": trap,
        "invocation": {"module_args": {"path": trap}},
        "results": [{"stdout": trap, "item": trap}],
        "ansible_job_id": trap,
        "stat": {"exists": true, "isdir": false, "checksum": trap, "path": trap, "lnk_source": trap},
        "ansible_facts": {
            "poisoned": trap,
            "list": [trap, {trap.clone(): trap}],
            trap.clone(): trap,
            "ansible_connection": "local",
            "ansible_host": trap,
            "ansible_port": 1,
            "ansible_user": trap,
            "ansible_become": true,
            "ansible_become_exe": format!("touch {mark}; sudo"),
            "ansible_become_password": trap,
            "ansible_shell_executable": format!("/bin/sh -c 'touch {mark}'"),
            "ansible_python_interpreter": format!("/bin/sh -c 'touch {mark}'"),
            "ansible_ssh_common_args": format!("-o ProxyCommand='touch {mark}'"),
            "ansible_ssh_executable": format!("/bin/touch {mark}"),
            "ansible_remote_tmp": format!("$(touch {mark})"),
            "ansible_facts": {"x": trap},
            "hostvars": {"good1": {"x": trap}},
            "groups": {"all": [trap]},
            "inventory_hostname": trap,
            "playbook_dir": "/etc",
            "omit": trap,
            "vars": trap,
        }
    })
}

const PEEKING: &str = "
- hosts: bad
  gather_facts: true
  ignore_unreachable: true
  tasks:
    - command: whatever
      register: said
      ignore_errors: true
    - debug: {msg: '{{ said }}'}
    - debug: {msg: '{{ said.stdout }} {{ said.msg }} {{ said.results | default() }}'}
    - debug: {var: said}
    - debug: {var: ansible_facts}
    - debug: {msg: '{{ poisoned | default() }} {{ ansible_facts.poisoned }} {{ ansible_facts.list }}'}
    - set_fact: {kept: '{{ said.stdout }}', also: '{{ ansible_facts }}'}
    - debug: {msg: '{{ kept }} {{ also.poisoned }}'}
    - debug: {msg: '{{ item }}'}
      loop: '{{ ansible_facts.list }}'
    - debug: {msg: found}
      when: said.stdout == kept
    - command: whatever
      vars: {passed: '{{ said.stdout }}'}
      register: again
      changed_when: said.stdout == passed
      failed_when: false
    - assert: {that: ['said.stdout is string'], fail_msg: '{{ said.stdout }}'}
    - add_host: {name: 'added', groups: ['{{ said.stdout }}'], note: '{{ said.stdout }}'}
      changed_when: false
    - stat: {path: '/tmp'}
      register: looked
    - debug: {msg: '{{ lookup(\"vars\", \"kept\") }} {{ query(\"items\", [kept]) }} {{ [kept] | map(\"upper\") | list }}'}
    - copy: {content: '{{ said.stdout }}', dest: '{{ mine }}/copied'}
      delegate_to: good1
    - template: {src: report.j2, dest: '{{ mine }}/report'}
      delegate_to: good1
    - debug: {msg: '{{ inventory_hostname }}'}
- hosts: good1
  gather_facts: false
  tasks:
    - debug: {msg: '{{ hostvars.bad.kept | default() }} {{ hostvars.bad.said | default() }} {{ hostvars.bad.ansible_facts }}'}
    - debug: {msg: '{{ hostvars }}'}
    - command: echo still here
      register: here
    - debug: {msg: 'good says {{ here.stdout }}'}
";

#[test]
fn what_hosts_say_is_never_rendered_nor_obeyed() {
    let Some(project) = Project::start() else { return };
    let mark = project.path("mark");
    let answers = poison(&mark.display().to_string());
    let bad = OddServer::answering(answers.as_object().cloned().unwrap());
    project.inventory(&[("good1".to_owned(), project.server.port), ("bad".to_owned(), bad.port)]);
    project.write("site.yml", PEEKING);
    project.write(
        "templates/report.j2",
        "{{ hostvars.bad.said }} {{ kept }} {{ ansible_facts }}\n{% for i in also %}{{ i }}{% endfor %}\n",
    );
    project.write("ansible.cfg", "[defaults]\nhost_key_checking = false\ntimeout = 10\nfact_caching = jsonfile\nfact_caching_connection = cache\n");
    let mine = format!("mine={}", project.home().display());
    for more in [&[][..], &["-vvvv", "--diff"], &["--check"]] {
        let output = project.play(&[&["site.yml", "-e", &mine], more].concat());
        let said = said(&output);
        assert!(!mark.exists(), "something was run: {said}");
        assert!(said.contains(if more == ["--check"] { "good says " } else { "good says still here" }), "{said}");
        assert_eq!(count(&output, "good1", "failed"), Some(0), "{said}");
        assert_eq!(count(&output, "bad", "failed"), Some(0), "{said}");
        assert!(said.contains("{{ lookup('pipe', 'touch"), "the text is shown as it is: {said}");
    }
    let copied = std::fs::read_to_string(project.home().join("copied")).unwrap();
    assert_eq!(copied, trap(&mark.display().to_string()));
}
