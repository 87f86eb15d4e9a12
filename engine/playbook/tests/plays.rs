//! Playbook files and plays.

mod project;
use project::Project;

#[test]
fn every_play_keyword() {
    insta::assert_snapshot!(Project::new(
        r#"
- name: everything
  hosts: [web, "db:!db3"]
  any_errors_fatal: yes
  become: true
  become_user: admin
  check_mode: "{{ x }}"
  collections: [ns.coll]
  connection: local
  environment: {A: b}
  fact_path: /x
  force_handlers: true
  gather_facts: "{{ y }}"
  gather_subset: [min]
  gather_timeout: 5
  ignore_errors: no
  max_fail_percentage: 30
  module_defaults: [{copy: {mode: "0644"}}]
  no_log: false
  order: sorted
  port: 22
  remote_user: root
  run_once: no
  serial: [1, "30%", "{{ z }}"]
  strategy: free
  tags: a,b
  throttle: 2
  timeout: 10
  vars: {x: 1}
  vars_files: [a.yml, [b.yml, c.yml]]
  vars_prompt:
    - name: password
      prompt: Secret
      private: yes
  pre_tasks: [ping: ]
  tasks:
  post_tasks: [{debug: {msg: x}}]
"#
    )
    .shown(), @r#"
    play everything on ['web', 'db:!db3'] any_errors_fatal=True become=True become_user='admin' check_mode='{{ x }}' collections=['ns.coll'] connection='local' environment={'A': 'b'} fact_path='/x' force_handlers=True gather_facts='{{ y }}' gather_subset=['min'] gather_timeout=5 ignore_errors=False max_fail_percentage=30 module_defaults=[{'copy': {'mode': '0644'}}] no_log=False order='sorted' port=22 remote_user='root' run_once=False serial=[1, '30%', '{{ z }}'] strategy='free' throttle=2 timeout=10 vars={'x': 1} vars_files=['a.yml', ['b.yml', 'c.yml']] tags=["a", "b"]
      pre_tasks
        ping tags=["a", "b"]
      post_tasks
        debug {'msg': 'x'} tags=["a", "b"]
    "#);
}

#[test]
fn vars_files_and_prompts_have_their_fields() {
    let project = Project::new("- hosts: all\n  vars_files: one.yml\n  vars_prompt: {name: x}\n");
    let playbook = project.loaded();
    let play = &playbook.plays[0];
    assert_eq!(play.vars_files.iter().map(ToString::to_string).collect::<Vec<_>>(), ["one.yml"]);
    assert_eq!(play.vars_prompt.repr(), "[{'name': 'x'}]");
    assert_eq!(play.basedir, project.path());
}

#[test]
fn no_playbooks() {
    let cases = ["", "---\n", "hosts: all\n", "text\n", "- text\n- [1]\n", "- hosts: all\n---\n- hosts: all\n", "[\n"];
    let shown: Vec<String> = cases
        .iter()
        .map(|text| format!("# {text:?}\n{}", Project::new(&format!("### site.yml\n{text}")).errors()))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    # ""
    the playbook /site.yml is empty: nothing to do
    # "---\n"
    the playbook /site.yml is empty: nothing to do
    # "hosts: all\n"
    a playbook must be a list of plays, not a mapping
      --> /site.yml:1:1
       |
     1 | hosts: all
       | ^
      hint: start each play with a dash: `- hosts: all`
    # "text\n"
    a playbook must be a list of plays, not 'text'
      --> /site.yml:1:1
       |
     1 | text
       | ^
      hint: start each play with a dash: `- hosts: all`
    # "- text\n- [1]\n"
    a playbook holds plays and import_playbook entries, not 'text'
      --> /site.yml:1:3
       |
     1 | - text
       |   ^

    a playbook holds plays and import_playbook entries, not a list
      --> /site.yml:1:3
       |
     1 | - text
       |   ^
    # "- hosts: all\n---\n- hosts: all\n"
    found a second document where one was expected
      --> /site.yml:2:1
       |
     2 | ---
       | ^
      hint: remove the `---` line, or put the documents into files of their own
    # "[\n"
    this is not valid YAML: while parsing a flow node, did not find expected node content
      --> /site.yml:2:1
    "#);
}

#[test]
fn wrong_plays() {
    insta::assert_snapshot!(Project::new(
        r#"
- tasks: []
- hosts: ""
- hosts:
- hosts: []
- hosts: {a: b}
- hosts: [a, null]
- hosts: [1]
- hosts: all
  taks: []
  debug: msg=x
- hosts: all
  tasks: {debug: msg=1}
  vars: text
  vars_files: {a: b}
  vars_prompt: [foo: 1, {name: x, prmpt: y}]
  serial: [few]
  order: random
  strategy: [a]
  gather_facts: [1]
  max_fail_percentage: abc
  module_defaults: foo
  gather_subset: {a: b}
- hosts: all
  user: a
  remote_user: b
- hosts: all
  debugger: always
"#
    )
    .errors(), @r#"
    a play without 'hosts'
      --> /site.yml:1:3
       |
     1 | - tasks: []
       |   ^
      hint: say which hosts it is for: `hosts: all`

    'hosts' is empty
      --> /site.yml:2:10
       |
     2 | - hosts: ""
       |          ^

    'hosts' is empty
      --> /site.yml:3:3
       |
     3 | - hosts:
       |   ^

    'hosts' is empty
      --> /site.yml:4:3
       |
     4 | - hosts: []
       |   ^

    'hosts' must be a pattern or a list of patterns, not a mapping
      --> /site.yml:5:3
       |
     5 | - hosts: {a: b}
       |   ^

    'hosts' must be a pattern or a list of patterns, not nothing
      --> /site.yml:6:3
       |
     6 | - hosts: [a, null]
       |   ^

    'hosts' must be a pattern or a list of patterns, not 1
      --> /site.yml:7:3
       |
     7 | - hosts: [1]
       |   ^

    'taks' is not a valid attribute for a Play
      --> /site.yml:9:3
       |
     9 |   taks: []
       |   ^
      hint: did you mean 'tasks'?

    'debug' is not a valid attribute for a Play
      --> /site.yml:10:3
        |
     10 |   debug: msg=x
        |   ^

    the vars of a play must be a mapping, not 'text'
      --> /site.yml:13:9
        |
     13 |   vars: text
        |         ^

    'serial' must be numbers or percentages like 30%, not 'few'
      --> /site.yml:16:3
        |
     16 |   serial: [few]
        |   ^

    'order' must be one of inventory, sorted, reverse_sorted, reverse_inventory, shuffle, not 'random'
      --> /site.yml:17:10
        |
     17 |   order: random
        |          ^

    'strategy' must be text, not a list
      --> /site.yml:18:3
        |
     18 |   strategy: [a]
        |   ^

    'gather_facts' must be yes or no, not a list
      --> /site.yml:19:3
        |
     19 |   gather_facts: [1]
        |   ^

    'max_fail_percentage' must be a number or a percentage like 30%, not 'abc'
      --> /site.yml:20:24
        |
     20 |   max_fail_percentage: abc
        |                        ^

    'module_defaults' must be a mapping or a list of mappings, not 'foo'
      --> /site.yml:21:20
        |
     21 |   module_defaults: foo
        |                    ^

    'gather_subset' must be text or a list of texts, not a mapping
      --> /site.yml:22:3
        |
     22 |   gather_subset: {a: b}
        |   ^

    'vars_files' must be file names, not a mapping
      --> /site.yml:14:16
        |
     14 |   vars_files: {a: b}
        |                ^

    'tasks' must be a list of tasks, not a mapping
      --> /site.yml:12:3
        |
     12 |   tasks: {debug: msg=1}
        |   ^
      hint: start each task with a dash

    Invalid vars_prompt data structure, missing 'name' key
      --> /site.yml:15:17
        |
     15 |   vars_prompt: [foo: 1, {name: x, prmpt: y}]
        |                 ^

    Invalid vars_prompt data structure, found unsupported key 'foo'
      --> /site.yml:15:17
        |
     15 |   vars_prompt: [foo: 1, {name: x, prmpt: y}]
        |                 ^

    Invalid vars_prompt data structure, found unsupported key 'prmpt'
      --> /site.yml:15:35
        |
     15 |   vars_prompt: [foo: 1, {name: x, prmpt: y}]
        |                                   ^
      hint: did you mean 'prompt'?

    a play has either 'user' or 'remote_user', not both
      --> /site.yml:24:3
        |
     24 |   user: a
        |   ^
      hint: keep 'remote_user'
    "#);
}

#[test]
fn the_old_name_of_remote_user() {
    insta::assert_snapshot!(Project::new("- hosts: all\n  user: root\n").shown(), @r"play all on all remote_user='root'");
}

#[test]
fn a_missing_playbook() {
    let project = Project::new("### other.yml\n- hosts: all\n");
    insta::assert_snapshot!(project.errors(), @r"could not find the playbook '/site.yml'");
}
