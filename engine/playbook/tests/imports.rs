//! Imports of playbooks and task files, and what is said about wrong ones.

mod project;
use project::Project;

#[test]
fn imported_playbooks() {
    insta::assert_snapshot!(Project::new(
        "
- import_playbook: sub/one.yml
  vars: {a: outer, name: two}
  tags: t
  when: x
  become: true
- ansible.builtin.import_playbook: ns.coll.pb
### sub/one.yml
- hosts: all
  vars: {a: own, b: 1}
  tags: own
  tasks:
    - import_tasks: tasks.yml
  roles: [local]
- import_playbook: \"{{ name }}.yml\"
  when: [y, z]
  tags: [u]
  vars: {a: inner}
### sub/two.yml
- hosts: db
  tasks:
    - ping:
  handlers:
    - ping:
### sub/tasks.yml
- debug: msg=beside
### sub/roles/local/tasks/main.yml
- ping:
### collections_path/ansible_collections/ns/coll/playbooks/pb.yml
- hosts: collection
"
    )
    .shown(), @r#"
    play all on all vars={'a': 'outer', 'b': 1, 'name': 'two'} tags=["own", "t"]
      role local
      role_tasks
        [role local] tags=["own", "t"] when=["x"]
          ping tags=["own", "t"] when=["x"]
      tasks
        [import] tags=["own", "t"] when=["x"]
          debug {'msg': 'beside'} tags=["own", "t"] when=["x"]

    play db on db vars={'a': 'outer', 'name': 'two'} tags=["t", "u"]
      tasks
        ping tags=["t", "u"] when=["x", "y", "z"]
      handlers
        ping tags=["t", "u"]

    play collection on collection

    [Warning] Found variable using reserved name 'name'.
      --> /site.yml:2:20
       |
     2 |   vars: {a: outer, name: two}
       |                    ^
    "#);
}

#[test]
fn wrong_imports_of_playbooks() {
    insta::assert_snapshot!(Project::new(
        r#"
- import_playbook: oter.yml
- import_playbook:
- import_playbook: {a: b}
- import_playbook: other.yml
  hosts: all
  foo: bar
- import_playbook: "{{ undefined_name }}.yml"
- import_playbook: other.yml
  vars: [a]
- import_playbook: self.yml
- include: other.yml
### other.yml
- hosts: all
### self.yml
- import_playbook: self.yml
"#
    )
    .errors(), @r#"
    could not find the playbook '/oter.yml'
      --> /site.yml:1:20
       |
     1 | - import_playbook: oter.yml
       |                    ^
      hint: did you mean '/other.yml'?

    'import_playbook' must be the name of a file, not nothing
      --> /site.yml:2:3
       |
     2 | - import_playbook:
       |   ^

    'import_playbook' must be the name of a file, not a mapping
      --> /site.yml:3:3
       |
     3 | - import_playbook: {a: b}
       |   ^

    'hosts' is not a valid attribute for a PlaybookInclude
      --> /site.yml:5:3
       |
     5 |   hosts: all
       |   ^
      hint: 'hosts' belongs on a play

    'foo' is not a valid attribute for a PlaybookInclude
      --> /site.yml:6:3
       |
     6 |   foo: bar
       |   ^

    cannot tell the playbook to import '{{ undefined_name }}.yml': 'undefined_name' is undefined
      --> /site.yml:7:20
       |
     7 | - import_playbook: "{{ undefined_name }}.yml"
       |                    ^
      hint: what is imported must be known before the play runs: it sees play vars, vars_files and extra vars, not facts and inventory variables

    the vars of a playbook import must be a mapping, not a list
      --> /site.yml:9:10
       |
     9 |   vars: [a]
       |          ^

    this never ends: /self.yml -> /self.yml
      --> /self.yml:1:3
       |
     1 | - import_playbook: self.yml
       |   ^
      hint: a playbook cannot import itself

    'include' is not a valid attribute for a Play
      --> /site.yml:11:3
        |
     11 | - include: other.yml
        |   ^
      hint: 'include' was removed: use import_playbook
    "#);
}

#[test]
fn imported_tasks() {
    insta::assert_snapshot!(Project::new(
        r#"
- hosts: all
  vars: {file: inner}
  tasks:
    - import_tasks: tasks/outer.yml
      vars: {depth: 1}
      tags: [a]
      when: one
      become: true
      notify: n
      register: ignored
    - import_tasks: {file: empty.yml}
    - include_tasks: "{{ later }}"
      loop: [1]
    - include_tasks:
        file: x.yml
        apply: {become: true, tags: q}
### tasks/outer.yml
- import_tasks: "{{ file }}.yml"
  tags: b
  when: [two]
  vars: {deeper: "{{ depth }}"}
- import_tasks: tasks/other.yml
### tasks/inner.yml
- name: deep
  ping:
  tags: c
  when: three
### tasks/other.yml
- block:
    - ping:
### empty.yml
---
"#
    )
    .shown(), @r#"
    play all on all vars={'file': 'inner'}
      tasks
        [import] vars={'depth': 1} become=True notify='n' tags=["a"] when=["one"]
          [import] vars={'deeper': '{{ depth }}'} tags=["a", "b"] when=["one", "two"]
            ping 'deep' tags=["a", "b", "c"] when=["one", "two", "three"]
          [import] tags=["a"] when=["one"]
            [block] tags=["a"] when=["one"]
              ping tags=["a"] when=["one"]
        [import]
        include_tasks `{{ later }}` loop=[1]
        include_tasks `x.yml` {'apply': {'become': True, 'tags': 'q'}}
    "#);
}

#[test]
fn wrong_imports_of_tasks() {
    insta::assert_snapshot!(Project::new(
        r#"
- hosts: all
  tasks:
    - import_tasks: tsks.yml
    - import_tasks: "{{ undefined_name }}"
    - import_tasks: tasks.yml
      with_items: [1]
    - import_tasks: tasks.yml b=1
    - import_tasks: {file: tasks.yml, apply: {tags: x}}
    - import_tasks:
    - include_tasks:
    - include_tasks: {file: tasks.yml, bogus: 1}
    - include_tasks: tasks.yml
      become: true
      changed_when: no
    - include_tasks: {file: a.yml, apply: {debug: x}}
    - import_tasks: dict.yml
    - import_tasks: endless.yml
    - import_tasks: broken.yml
    - import_tasks: broken.yml
    - include_tasks: "{{ x }}"
      args: "{{ y }}"
### tasks.yml
- ping:
### dict.yml
debug: msg=x
### endless.yml
- import_tasks: back.yml
### back.yml
- import_tasks: endless.yml
### broken.yml
- pong:
"#
    )
    .errors(), @r#"
    Could not find or access '/tsks.yml' on the Ansible Controller: Unable to retrieve file contents.
    Could not find or access '/tsks.yml' on the Ansible Controller.
    If you are using a module and expect the file to exist on the remote, see the remote_src option: [Errno 2] No such file or directory: '/tsks.yml'
      --> /site.yml:3:21
       |
     3 |     - import_tasks: tsks.yml
       |                     ^
      hint: did you mean 'tasks.yml'?

    cannot tell the file to import '{{ undefined_name }}': 'undefined_name' is undefined
      --> /site.yml:4:21
       |
     4 |     - import_tasks: "{{ undefined_name }}"
       |                     ^
      hint: what is imported must be known before the play runs: it sees play vars, vars_files and extra vars, not facts and inventory variables

    'import_tasks' cannot loop: it is resolved before the play runs
      --> /site.yml:5:7
       |
     5 |     - import_tasks: tasks.yml
       |       ^
      hint: use include_tasks

    Invalid options for import_tasks: b
      --> /site.yml:7:21
       |
     7 |     - import_tasks: tasks.yml b=1
       |                     ^

    Invalid options for import_tasks: apply
      --> /site.yml:8:39
       |
     8 |     - import_tasks: {file: tasks.yml, apply: {tags: x}}
       |                                       ^

    No file specified for import_tasks
      --> /site.yml:9:7
       |
     9 |     - import_tasks:
       |       ^

    No file specified for include_tasks
      --> /site.yml:10:7
        |
     10 |     - include_tasks:
        |       ^

    Invalid options for include_tasks: bogus
      --> /site.yml:11:40
        |
     11 |     - include_tasks: {file: tasks.yml, bogus: 1}
        |                                        ^

    'become' is not a valid attribute for a TaskInclude
      --> /site.yml:13:7
        |
     13 |       become: true
        |       ^
      hint: put it under 'apply' to hand it to what is included

    'changed_when' is not a valid attribute for a TaskInclude
      --> /site.yml:14:7
        |
     14 |       changed_when: no
        |       ^

    'debug' is not a valid attribute for a Block
      --> /site.yml:15:44
        |
     15 |     - include_tasks: {file: a.yml, apply: {debug: x}}
        |                                            ^

    included task files must contain a list of tasks
      --> /dict.yml:1:1
       |
     1 | debug: msg=x
       | ^
      hint: start each task with a dash

    this never ends: /endless.yml -> /back.yml -> /endless.yml
      --> /back.yml:1:3
       |
     1 | - import_tasks: endless.yml
       |   ^
      hint: use include_tasks for what must happen again while the play runs

    couldn't resolve module/action 'pong'. This often indicates a misspelling, missing collection, or incorrect module path.
      --> /broken.yml:1:3
       |
     1 | - pong:
       |   ^
      hint: did you mean 'ping'?

    the options of include_tasks cannot be a template as a whole
      --> /site.yml:20:7
        |
     20 |     - include_tasks: "{{ x }}"
        |       ^
    "#);
}

#[test]
fn names_of_imports_see_what_is_known_before_the_play_runs() {
    insta::assert_snapshot!(Project::new(
        r#"
- hosts: all
  vars: {where: here, files: one}
  vars_files: ["{{ files }}.yml", [nope.yml, two.yml], not_there.yml]
  roles: [{role: r, from_params: p}]
  pre_tasks:
    - import_tasks: "{{ from_one }}-{{ from_two }}-{{ from_defaults }}.yml"
### vars/one.yml
from_one: one
### two.yml
from_two: 2
### one-2-d.yml
- ping:
### roles/r/defaults/main.yml
from_defaults: d
from_vars: hidden
### roles/r/vars/main.yml
from_vars: v
### roles/r/tasks/main.yml
- import_tasks: "{{ from_defaults }}{{ from_vars }}{{ from_params }}.yml"
### roles/r/tasks/dvp.yml
- debug:
"#
    )
    .shown(), @r"
    play all on all vars={'where': 'here', 'files': 'one'} vars_files=['{{ files }}.yml', ['nope.yml', 'two.yml'], 'not_there.yml']
      role r defaults={'from_defaults': 'd', 'from_vars': 'hidden'} vars={'from_vars': 'v'} params={'from_params': 'p'}
      pre_tasks
        [import]
          ping
      role_tasks
        [role r]
          [import]
            debug
    ");
}

#[test]
fn names_of_imports_do_not_see_other_plays() {
    insta::assert_snapshot!(Project::new(
        r#"
- hosts: all
  vars: {name: x}
- hosts: all
  tasks:
    - import_tasks: "{{ name }}.yml"
"#
    )
    .errors(), @r#"
    cannot tell the file to import '{{ name }}.yml': 'name' is undefined
      --> /site.yml:5:21
       |
     5 |     - import_tasks: "{{ name }}.yml"
       |                     ^
      hint: what is imported must be known before the play runs: it sees play vars, vars_files and extra vars, not facts and inventory variables
    "#);
}
