//! Task entries in every way they can be written, and what is said about wrong ones.

mod project;
use project::Project;

fn tasks(text: &str) -> String {
    section("tasks", text)
}

fn section(name: &str, text: &str) -> String {
    let (list, files) = text.trim_start_matches('\n').split_once("### ").unwrap_or((text, ""));
    let indented = list.trim_matches('\n').replace('\n', "\n    ");
    let files = if files.is_empty() { String::new() } else { format!("### {files}") };
    Project::new(&format!("- hosts: all\n  {name}:\n    {indented}\n{files}")).shown()
}

#[test]
fn ways_to_write_an_action() {
    insta::assert_snapshot!(tasks(
        r#"
- debug: msg="hello there" verbosity=1
- name: as a mapping
  copy: {src: a, dest: "{{ b }}"}
- action: copy src=a dest=b
- local_action: command ls -l chdir=/tmp
- action: {module: copy, src: a}
- action: {module: "copy src=a", dest: b}
- ansible.builtin.copy:
    src: a
  args: {dest: b, src: under}
- copy: src=a
  args: {dest: b}
- action: "{{ module }} x=1"
- command: echo a=b creates="/tmp/a b" c
- command: chdir=/tmp
- shell: |
    echo 'a b'
    exit 0
  args: {executable: /bin/sh}
- command:
  args: {_raw_params: ls}
- set_fact: a=b c=d
- add_host: name=foo groups=a,b
- meta: flush_handlers
- ping:
- debug: some words
-
"#
    ), @r#"
    play all on all
      tasks
        debug {'msg': 'hello there', 'verbosity': '1'}
        copy {'src': 'a', 'dest': '{{ b }}'} 'as a mapping'
        copy {'src': 'a', 'dest': 'b'}
        command `ls -l` {'chdir': '/tmp'} delegate_to='localhost'
        copy {'src': 'a'}
        copy {'src': 'a', 'dest': 'b'}
        ansible.builtin.copy {'dest': 'b', 'src': 'a'}
        copy {'dest': 'b', 'src': 'a'}
        {{ module }} {'x': '1'}
        command `echo a=b c` {'creates': '/tmp/a b'}
        command {'chdir': '/tmp'}
        shell `echo 'a b'
    exit 0
    ` {'executable': '/bin/sh'}
        command `ls`
        set_fact {'a': 'b', 'c': 'd'}
        add_host {'name': 'foo', 'groups': 'a,b'}
        meta `flush_handlers`
        ping
        debug `some words`

    [Deprecation] 'action' is a mapping
      --> /site.yml:8:7
       |
     8 |     - action: {module: copy, src: a}
       |       ^
      hint: write the module's name as text and its arguments under 'args'
    [Deprecation] 'action' is a mapping
      --> /site.yml:9:7
       |
     9 |     - action: {module: "copy src=a", dest: b}
       |       ^
      hint: write the module's name as text and its arguments under 'args'
    [Deprecation] 'copy' has both k=v arguments and 'args'
      --> /site.yml:13:13
        |
     13 |     - copy: src=a
        |             ^
      hint: put all arguments under 'args'
    "#);
}

#[test]
fn templates_for_all_arguments() {
    insta::assert_snapshot!(tasks(
        r#"
- copy:
  args: "{{ all }}"
- copy: "{{ all }}"
- copy: {src: a}
  args: "{{ all }}"
- copy: "{{ all }}"
  args: {dest: b}
- command: "{{ line }}"
"#
    ), @r"
    play all on all
      tasks
        copy '{{ all }}'
        copy '{{ all }}'
        copy {'_variable_params': '{{ all }}', 'src': 'a'}
        copy {'_variable_params': '{{ all }}', 'dest': 'b'}
        command `{{ line }}`
    ");
}

#[test]
fn loops() {
    insta::assert_snapshot!(tasks(
        r#"
- ping:
  loop: [1, 2]
  loop_control: {loop_var: x, pause: 0.5, extended: yes, label: "{{ x }}"}
- ping:
  with_items: "{{ list }}"
- ping:
  with_community.general.flattened: [[1], 2]
- ping:
  with_items: [1]
  loop: [2]
- ping:
  loop:
"#
    ), @r"
    play all on all
      tasks
        ping loop=[1, 2] loop_control={'loop_var': 'x', 'pause': 0.5, 'extended': True, 'label': '{{ x }}'}
        ping loop='{{ list }}' loop_with='items'
        ping loop=[[1], 2] loop_with='community.general.flattened'
        ping loop=[2] loop_with='items'
        ping
    ");
}

#[test]
fn wrong_loops() {
    insta::assert_snapshot!(tasks(
        r#"
- ping:
  with_items:
- ping:
  loop: [1]
  with_items: [2]
- ping:
  with_items: [1]
  with_dict: {a: 1}
- ping:
  with_itmes: [1]
- ping:
  loop: [1]
  loop_control: {lop_var: x, pause: soon}
- ping:
  loop: [1]
  loop_control: "{{ x }}"
"#
    ), @r#"
    'with_items' has no value
      --> /site.yml:4:7
       |
     4 |       with_items:
       |       ^

    'with_items' is a second loop in the same task
      --> /site.yml:7:7
       |
     7 |       with_items: [2]
       |       ^
      hint: nest lists with the product or subelements filter

    'with_dict' is a second loop in the same task
      --> /site.yml:10:7
        |
     10 |       with_dict: {a: 1}
        |       ^
      hint: nest lists with the product or subelements filter

    'with_itmes' is not a valid attribute for a Task
      --> /site.yml:12:7
        |
     12 |       with_itmes: [1]
        |       ^
      hint: did you mean 'with_items'?

    'lop_var' is not a valid attribute for a LoopControl
      --> /site.yml:15:22
        |
     15 |       loop_control: {lop_var: x, pause: soon}
        |                      ^
      hint: did you mean 'loop_var'?

    'pause' of loop_control must be a number, not 'soon'
      --> /site.yml:15:41
        |
     15 |       loop_control: {lop_var: x, pause: soon}
        |                                         ^

    'loop_control' must be a mapping, not '{{ x }}'
      --> /site.yml:18:21
        |
     18 |       loop_control: "{{ x }}"
        |                     ^
      hint: it cannot be a template as a whole; its values can
    "#);
}

#[test]
fn wrong_actions() {
    insta::assert_snapshot!(tasks(
        r"
- name: nothing to do
- debgu: msg=hello
- debug: msg=1
  command: ls
- action: debug
  local_action: debug
- action: debug
  debug: msg=1
- yum: name=x
- with_nothing: 1
  nmae: x
- action: {src: a}
- action: 5
- action:
- debug: [1, 2]
- command: 5
- copy: src=a
  args: hello
- copy: src='unbalanced
- include: other.yml
- hello
- {7: 8}
- debug: msg=1 _ansible_internal=2
- amazon.aws.ec2_key: name=x
- community.zabbix.zabbix_host: name=x
"
    ), @r"
    no module or action detected in task
      --> /site.yml:3:7
       |
     3 |     - name: nothing to do
       |       ^

    couldn't resolve module/action 'debgu'. This often indicates a misspelling, missing collection, or incorrect module path.
      --> /site.yml:4:7
       |
     4 |     - debgu: msg=hello
       |       ^
      hint: did you mean 'debug'?

    conflicting action statements: debug, command
      --> /site.yml:5:7
       |
     5 |     - debug: msg=1
       |       ^
      hint: a task does one thing: split it

    a task has either 'action' or 'local_action', not both
      --> /site.yml:8:7
       |
     8 |       local_action: debug
       |       ^

    conflicting action statements: debug, debug
      --> /site.yml:9:7
       |
     9 |     - action: debug
       |       ^
      hint: a task does one thing: split it

    couldn't resolve module/action 'yum'. This often indicates a misspelling, missing collection, or incorrect module path.
      --> /site.yml:11:7
        |
     11 |     - yum: name=x
        |       ^

    'with_nothing' is not a valid attribute for a Task
      --> /site.yml:12:7
        |
     12 |     - with_nothing: 1
        |       ^
      hint: there is no lookup named 'nothing'

    'nmae' is not a valid attribute for a Task
      --> /site.yml:13:7
        |
     13 |       nmae: x
        |       ^
      hint: did you mean 'name'?

    no module or action detected in 'action'
      --> /site.yml:14:7
        |
     14 |     - action: {src: a}
        |       ^
      hint: name it under 'module'

    'action' must be text, not 5
      --> /site.yml:15:7
        |
     15 |     - action: 5
        |       ^

    'action' must be text, not nothing
      --> /site.yml:16:7
        |
     16 |     - action:
        |       ^

    the arguments of 'debug' must be a mapping or text, not a list
      --> /site.yml:17:7
        |
     17 |     - debug: [1, 2]
        |       ^

    the arguments of 'command' must be a mapping or text, not 5
      --> /site.yml:18:7
        |
     18 |     - command: 5
        |       ^

    'args' must be a mapping or a template that gives one, not 'hello'
      --> /site.yml:20:13
        |
     20 |       args: hello
        |             ^

    the quote ' is not closed in these arguments
      --> /site.yml:21:13
        |
     21 |     - copy: src='unbalanced
        |             ^
      hint: write the arguments as a YAML mapping, or close it

    The 'ansible.builtin.include' action plugin has been removed.
      --> /site.yml:22:7
        |
     22 |     - include: other.yml
        |       ^
      hint: use include_tasks, import_tasks or import_playbook

    a task must be a mapping, not 'hello'
      --> /site.yml:23:7
        |
     23 |     - hello
        |       ^
      hint: write the module's name and its arguments: `- debug: msg=hello`

    couldn't resolve module/action '7'. This often indicates a misspelling, missing collection, or incorrect module path.
      --> /site.yml:2:3
       |
     2 |   tasks:
       |   ^

    '_ansible_internal' is no argument of 'debug': the prefix '_ansible_' is reserved for internal use only.
      --> /site.yml:25:14
        |
     25 |     - debug: msg=1 _ansible_internal=2
        |              ^

    couldn't resolve module/action 'amazon.aws.ec2_key'. This often indicates a misspelling, missing collection, or incorrect module path.
      --> /site.yml:26:7
        |
     26 |     - amazon.aws.ec2_key: name=x
        |       ^
      hint: builds of kapell with the cargo feature 'aws' have the modules of EC2 (cargo build --features aws)

    couldn't resolve module/action 'community.zabbix.zabbix_host'. This often indicates a misspelling, missing collection, or incorrect module path.
      --> /site.yml:27:7
        |
     27 |     - community.zabbix.zabbix_host: name=x
        |       ^
      hint: kapell galaxy collection install community.zabbix
    [Deprecation] 'action' is a mapping
      --> /site.yml:14:7
        |
     14 |     - action: {src: a}
        |       ^
      hint: write the module's name as text and its arguments under 'args'
    ");
}

#[test]
fn wrong_keywords() {
    insta::assert_snapshot!(tasks(
        r#"
- debug: msg=x
  whenn: true
  hosts: all
  listen: topic
  completely_unknown: 1
- debug: msg=x
  become: maybe
  retries: many
  register: "{{ x }}"
  tags: {a: b}
  vars: [1]
  name: [a]
  when: {a: b}
- debug: msg=x
  register: a b
  async: 30
  poll: 0
  vars: {a-b: 1, none: 2}
- debug: msg=x
  async: 0
  environment: text
  vars: {hosts: 1, vars: 2}
"#
    ), @r#"
    'whenn' is not a valid attribute for a Task
      --> /site.yml:4:7
       |
     4 |       whenn: true
       |       ^
      hint: did you mean 'when'?

    'hosts' is not a valid attribute for a Task
      --> /site.yml:5:7
       |
     5 |       hosts: all
       |       ^
      hint: 'hosts' belongs on a play

    'listen' is not a valid attribute for a Task
      --> /site.yml:6:7
       |
     6 |       listen: topic
       |       ^
      hint: 'listen' belongs on a handler

    'completely_unknown' is not a valid attribute for a Task
      --> /site.yml:7:7
       |
     7 |       completely_unknown: 1
       |       ^

    'register' must be a variable name, not '{{ x }}'
      --> /site.yml:11:17
        |
     11 |       register: "{{ x }}"
        |                 ^
      hint: it is used as written, never templated

    'tags' must be text or a list of texts, not a mapping
      --> /site.yml:12:7
        |
     12 |       tags: {a: b}
        |       ^

    the vars of a task must be a mapping, not a list
      --> /site.yml:13:7
        |
     13 |       vars: [1]
        |       ^

    'name' must be text, not a list
      --> /site.yml:14:7
        |
     14 |       name: [a]
        |       ^

    'register' must be a variable name, not 'a b'
      --> /site.yml:17:17
        |
     17 |       register: a b
        |                 ^

    'a-b' is not a variable name
      --> /site.yml:20:14
        |
     20 |       vars: {a-b: 1, none: 2}
        |              ^
      hint: a variable name starts with a letter or an underscore and goes on with letters, digits and underscores

    'none' is not a variable name
      --> /site.yml:20:22
        |
     20 |       vars: {a-b: 1, none: 2}
        |                      ^
      hint: a variable name starts with a letter or an underscore and goes on with letters, digits and underscores
    [Warning] 'become' must be yes or no, not 'maybe'
      --> /site.yml:9:15
       |
     9 |       become: maybe
       |               ^
    [Warning] 'retries' must be a whole number, not 'many'
      --> /site.yml:10:16
        |
     10 |       retries: many
        |                ^
    [Warning] 'when' must be an expression, yes or no, or a list of those, not a mapping
      --> /site.yml:15:7
        |
     15 |       when: {a: b}
        |       ^
    [Warning] 'environment' must be a mapping or a list of mappings, not 'text': what is not is ignored
      --> /site.yml:23:20
        |
     23 |       environment: text
        |                    ^
    [Warning] Found variable using reserved name 'hosts'.
      --> /site.yml:24:14
        |
     24 |       vars: {hosts: 1, vars: 2}
        |              ^
    "#);
}

#[test]
fn an_unknown_keyword_can_be_made_a_warning() {
    let mut project = Project::new("- hosts: all\n  tasks:\n    - ping:\n      whenn: true\n");
    project.settings.invalid_task_attribute_failed = false;
    insta::assert_snapshot!(project.shown(), @r"
    play all on all
      tasks
        ping

    [Warning] 'whenn' is not a valid attribute for a Task
      --> /site.yml:4:7
       |
     4 |       whenn: true
       |       ^
      hint: did you mean 'when'?
    ");
}

#[test]
fn old_lists_of_variables_are_taken_with_a_warning() {
    insta::assert_snapshot!(Project::new("- hosts: all\n  vars:\n    - a: 1\n    - b: 2\n      a: 3\n").shown(), @r"
    play all on all vars={'a': 3, 'b': 2}

    [Deprecation] the vars of a play are a list
      --> /site.yml:2:3
       |
     2 |   vars:
       |   ^
      hint: write one mapping: ansible-core 2.19 takes nothing else
    ");
}

#[test]
fn variables_that_are_keywords_are_warned_of() {
    insta::assert_snapshot!(Project::new("- hosts: all\n  vars: {hosts: 1, listen: 2, query: 3}\n").shown(), @r"
    play all on all vars={'hosts': 1, 'listen': 2, 'query': 3}

    [Warning] Found variable using reserved name 'hosts'.
      --> /site.yml:2:10
       |
     2 |   vars: {hosts: 1, listen: 2, query: 3}
       |          ^
    [Warning] Found variable using reserved name 'query'.
      --> /site.yml:2:31
       |
     2 |   vars: {hosts: 1, listen: 2, query: 3}
       |                               ^
    ");
}

#[test]
fn meta_actions() {
    insta::assert_snapshot!(tasks(
        r#"
- meta: flush_handler
- meta:
- meta: "{{ x }}"
- meta: end_play now
- meta: end_role
"#
    ), @r"
    unknown meta action 'flush_handler'
      --> /site.yml:3:13
       |
     3 |     - meta: flush_handler
       |             ^
      hint: did you mean 'flush_handlers'?

    'meta' says nothing to do
      --> /site.yml:4:7
       |
     4 |     - meta:
       |       ^
      hint: one of clear_facts, clear_host_errors, end_batch, end_host, end_play, end_role, flush_handlers, noop, refresh_inventory, reset_connection

    unknown meta action 'end_play now'
      --> /site.yml:6:13
       |
     6 |     - meta: end_play now
       |             ^
      hint: one of clear_facts, clear_host_errors, end_batch, end_host, end_play, end_role, flush_handlers, noop, refresh_inventory, reset_connection

    Cannot execute 'end_role' from outside of a role
      --> /site.yml:7:7
       |
     7 |     - meta: end_role
       |       ^
    ");
}
