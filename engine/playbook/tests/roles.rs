//! Roles: where they are found, what is read of them, dependencies, imports, and what makes two uses the same.

mod project;
use project::Project;

const SITE: &str = "
- hosts: all
  gather_facts: no
  tags: play
  roles:
    - role: web
      tags: [r1]
      when: enabled
      become: true
      port_number: 80
    - db
  tasks:
    - ping:
  handlers:
    - name: own
      ping:
### roles/web/meta/main.yml
galaxy_info: {author: me}
allow_duplicates: true
collections: [ns.coll]
dependencies:
  - role: common
    tags: dep
    when: needed
    level: 2
  - db
### roles/web/defaults/main.yml
a: 1
### roles/web/vars/main.yaml
b: 2
### roles/web/tasks/main.yml
- name: install
  apt: name=nginx
  notify: reload
- import_tasks: sub.yml
  when: more
- thing:
### roles/web/tasks/sub.yml
- debug: msg=sub
### roles/web/handlers/main.yml
- name: reload
  service: {name: nginx, state: reloaded}
  listen: web changed
### roles/common/tasks/main.json
[{\"debug\": {\"msg\": \"json\"}}]
### shared_roles/db/tasks/main
- debug: msg=db
";

#[test]
fn a_play_with_roles() {
    insta::assert_snapshot!(Project::new(SITE).shown(), @r#"
    play all on all gather_facts=False tags=["play"]
      role common params={'level': 2} for web
      role db for web
      role web defaults={'a': 1} vars={'b': 2} params={'port_number': 80} needs common,db again
      role db
      role_tasks
        [role common] tags=["play", "r1", "dep"] when=["enabled", "needed"]
          debug {'msg': 'json'} tags=["play", "r1", "dep"] when=["enabled", "needed"]
        [role db] tags=["play", "r1"] when=["enabled"]
          debug {'msg': 'db'} tags=["play", "r1"] when=["enabled"]
        [role web] become=True collections=['ns.coll'] tags=["play", "r1"] when=["enabled"]
          apt {'name': 'nginx'} 'install' notify='reload' tags=["play", "r1"] when=["enabled"]
          [import] tags=["play", "r1"] when=["enabled", "more"]
            debug {'msg': 'sub'} tags=["play", "r1"] when=["enabled", "more"]
          thing tags=["play", "r1"] when=["enabled"]
        [role db] tags=["play"]
          debug {'msg': 'db'} tags=["play"]
      tasks
        ping tags=["play"]
      handlers
        service {'name': 'nginx', 'state': 'reloaded'} 'reload' listen=["web changed"] tags=["play", "r1"] when=["enabled"]
        ping 'own' tags=["play"]
    "#);
}

#[test]
fn the_same_use_has_the_same_identity() {
    let project = Project::new(
        "
- hosts: all
  roles:
    - r
    - role: r
    - {role: r, become: true}
    - {role: r, p: 1}
    - {role: r, p: 1}
    - {role: r, tags: x}
    - {role: r, when: x}
    - {role: r, vars: {x: 1}}
  tasks:
    - import_role: {name: r}
    - import_role: {name: r, allow_duplicates: false}
    - import_role: {name: r, tasks_from: other}
### roles/r/tasks/main.yml
- ping:
### roles/r/tasks/other.yml
- ping:
",
    );
    let playbook = project.loaded();
    let roles = &playbook.plays[0].roles;
    let first_alike: Vec<usize> =
        roles.iter().map(|role| roles.iter().position(|other| other.identity == role.identity).unwrap()).collect();
    assert_eq!(first_alike, [0, 0, 0, 3, 3, 5, 6, 7, 8, 8, 10]);
    assert_eq!(roles.iter().map(|role| role.allow_duplicates).collect::<Vec<_>>()[7..], [false, true, false, true]);
}

#[test]
fn variable_directories_are_read_in_order() {
    insta::assert_snapshot!(Project::new(
        "
- hosts: all
  roles: [r]
### roles/r/defaults/main/20.yml
a: {y: 2}
### roles/r/defaults/main/10.yml
a: {x: 1}
b: 1
### roles/r/defaults/main/.hidden.yml
a: 9
### roles/r/defaults/main/30.txt
a: 9
### roles/r/defaults/main/sub/1.json
{\"c\": 3}
### roles/r/vars/main.yml
"
    )
    .shown(), @r"
    play all on all
      role r defaults={'a': {'y': 2}, 'b': 1, 'c': 3}
      role_tasks
        [role r]
    ");
}

#[test]
fn argument_specifications_become_a_task() {
    insta::assert_snapshot!(Project::new(
        "
- hosts: all
  roles: [{role: r, port_number: 1, tags: t}]
  tasks:
    - import_role: {name: r, tasks_from: other.yml}
    - import_role: {name: r, rolespec_validate: false}
### roles/r/tasks/main.yml
- ping:
### roles/r/tasks/other.yml
- ping:
### roles/r/meta/argument_specs.yml
argument_specs:
  main:
    short_description: web server
    options: {port: {type: int, required: true}}
  other:
    options:
"
    )
    .shown(), @r#"
    play all on all
      role r params={'port_number': 1}
      role r again
      role r again
      role_tasks
        [role r] tags=["t"]
          ansible.builtin.validate_argument_spec 'Validating arguments against arg spec 'main' - web server' tags=["t", "always"]
          ping tags=["t"]
      tasks
        [import]
          [role r]
            ansible.builtin.validate_argument_spec 'Validating arguments against arg spec 'other'' tags=["always"]
            ping
        [import]
          [role r]
            ping
    "#);
}

#[test]
fn the_validation_task_holds_the_specification() {
    let project = Project::new(
        "
- hosts: all
  roles: [{role: r, port_number: 1}]
### roles/r/meta/main.yml
argument_specs: {main: {options: {port: {type: int}}}}
",
    );
    let playbook = project.loaded();
    let tasks = kapell_playbook::tasks_of(&playbook.plays[0].role_tasks);
    assert!(!tasks[0].implicit, "--start-at-task passes over it, or starts there, as over any other task");
    let args = tasks[0].args.as_map().unwrap();
    assert_eq!(args["argument_spec"].repr(), "{'port': {'type': 'int'}}");
    assert_eq!(args["provided_arguments"].repr(), "{'port_number': 1}");
    assert_eq!(args["validate_args_context"].get("argument_spec_name").unwrap().as_str(), Some("main"));
}

#[test]
fn roles_of_collections() {
    insta::assert_snapshot!(Project::new(
        "
- hosts: all
  collections: [ns.coll]
  roles: [ns.coll.one, two]
  tasks:
    - thing:
    - import_role: {name: two}
### collections/ansible_collections/ns/coll/roles/one/tasks/main.yml
- import_role: {name: two}
### collections/ansible_collections/ns/coll/roles/one/meta/main.yml
dependencies: [two]
### collections_path/ansible_collections/ns/coll/roles/two/tasks/main.yml
- thing:
### collections/ansible_collections/ns/coll/roles/two/tasks/main.yml
- name: mine
  thing:
"
    )
    .shown(), @r"
    play all on all collections=['ns.coll']
      role ns.coll.two for ns.coll.one
      role ns.coll.one needs ns.coll.two
      role ns.coll.two
      role ns.coll.two for ns.coll.one again
      role ns.coll.two again
      role_tasks
        [role ns.coll.two] collections=['ns.coll']
          thing 'mine'
        [role ns.coll.one] collections=['ns.coll']
          [import]
            [role ns.coll.two] collections=['ns.coll']
              thing 'mine'
        [role ns.coll.two] collections=['ns.coll']
          thing 'mine'
      tasks
        thing
        [import]
          [role ns.coll.two] collections=['ns.coll']
            thing 'mine'
    ");
}

#[test]
fn imported_roles() {
    insta::assert_snapshot!(Project::new(
        "
- hosts: all
  vars: {which: r}
  tasks:
    - import_role:
        name: \"{{ which }}\"
        tasks_from: install
        vars_from: special.yml
        defaults_from: d
        handlers_from: h
      tags: t
      when: w
      become: true
      register: ignored
      vars: {p: 1}
    - include_role: {name: \"{{ later }}\", apply: {tags: x}, tasks_from: \"{{ y }}\"}
      loop: [1]
### roles/r/tasks/install.yml
- ping:
### roles/r/vars/special.yml
v: 1
### roles/r/defaults/d.yml
d: 1
### roles/r/handlers/h.yml
- name: handle
  ping:
"
    )
    .shown(), @r#"
    play all on all vars={'which': 'r'}
      role r defaults={'d': 1} vars={'v': 1} again
      tasks
        [import] become=True vars={'p': 1} tags=["t"] when=["w"]
          [role r] tags=["t"] when=["w"]
            ping tags=["t"] when=["w"]
        include_role {'name': '{{ later }}', 'apply': {'tags': 'x'}, 'tasks_from': '{{ y }}'} loop=[1]
      handlers
        ping 'handle' tags=["t"] when=["w"]
    "#);
}

#[test]
fn a_role_may_import_another_file_of_itself() {
    insta::assert_snapshot!(Project::new(
        "
- hosts: all
  roles: [r]
### roles/r/tasks/main.yml
- import_role: {name: r, tasks_from: other}
- import_tasks: deep/a.yml
### roles/r/tasks/other.yml
- ping:
### roles/r/tasks/deep/a.yml
- import_tasks: b.yml
- import_tasks: other.yml
### roles/r/tasks/deep/b.yml
- debug: msg=deep
"
    )
    .shown(), @r"
    play all on all
      role r
      role r for r again
      role_tasks
        [role r]
          [import]
            [role r]
              ping
          [import]
            [import]
              debug {'msg': 'deep'}
            [import]
              ping
    ");
}

#[test]
fn wrong_roles() {
    insta::assert_snapshot!(Project::new(
        "
- hosts: all
  roles:
    - wbe
    - ns.coll.wbe
    - {foo: bar}
    - {role: web, vars: [a], become: maybe}
    - web,port=80
    - [web]
    - null
    - \"{{ undefined_name }}\"
    - {role: {a: b}}
- hosts: all
  roles: web
- hosts: all
  roles: [bad_meta, bad_tasks, bad_vars]
- hosts: all
  tasks:
    - import_role: {nam: web}
    - import_role: {name: web, port: 80}
    - import_role: {name: web, tasks_from: instal}
    - import_role: {name: web, tasks_from: ../../secret}
    - import_role: {name: web, tasks_from: 1}
    - import_role: {name: web, apply: {tags: x}}
    - import_role: {name: web}
      loop: [1]
    - include_role: web
    - include_role: {name: web, apply: {tagz: x}}
      become: true
      until: x
    - include_role: {name: web, apply: text}
### roles/web/tasks/main.yml
- ping:
### roles/web/tasks/install.yml
- ping:
### roles/bad_meta/meta/main.yml
dependencies: web
allow_duplicates: perhaps
dependncies: []
galaxy_info: {}
### roles/bad_tasks/tasks/main.yml
debug: msg=x
### roles/bad_vars/vars/main.yml
- a
### roles/bad_vars/defaults/main.yml
text
"
    )
    .errors(), @r#"
    a role entry without a role name
      --> /site.yml:5:8
       |
     5 |     - {foo: bar}
       |        ^
      hint: name it under 'role'

    the vars of a role must be a mapping, not a list
      --> /site.yml:6:26
       |
     6 |     - {role: web, vars: [a], become: maybe}
       |                          ^

    'web,port=80' is no role name
      --> /site.yml:7:7
       |
     7 |     - web,port=80
       |       ^
      hint: write parameters as a mapping: {role: name, parameter: value}

    a role must be a name or a mapping with one, not a list
      --> /site.yml:8:8
       |
     8 |     - [web]
       |        ^

    a role must be a name or a mapping with one, not nothing
      --> /site.yml:2:3
       |
     2 |   roles:
       |   ^

    cannot tell the role '{{ undefined_name }}': 'undefined_name' is undefined
      --> /site.yml:10:7
        |
     10 |     - "{{ undefined_name }}"
        |       ^
      hint: what is imported must be known before the play runs: it sees play vars, vars_files and extra vars, not facts and inventory variables

    the name of a role must be text, not a mapping
      --> /site.yml:11:8
        |
     11 |     - {role: {a: b}}
        |        ^

    the role 'wbe' was not found in /roles:/shared_roles:
      --> /site.yml:3:7
       |
     3 |     - wbe
       |       ^
      hint: did you mean 'web'?

    the role 'ns.coll.wbe' was not found in /roles:/shared_roles:
      --> /site.yml:4:7
       |
     4 |     - ns.coll.wbe
       |       ^
      hint: collections are searched for in /collections/ansible_collections:/collections_path/ansible_collections

    'roles' must be a list of roles, not 'web'
      --> /site.yml:13:10
        |
     13 |   roles: web
        |          ^

    'allow_duplicates' must be yes or no, not 'perhaps'
      --> /roles/bad_meta/meta/main.yml:2:1
       |
     2 | allow_duplicates: perhaps
       | ^

    'dependncies' is not a valid attribute for a RoleMetadata
      --> /roles/bad_meta/meta/main.yml:3:1
       |
     3 | dependncies: []
       | ^
      hint: did you mean 'dependencies'?

    'dependencies' must be a list of roles, not 'web'
      --> /roles/bad_meta/meta/main.yml:1:1
       |
     1 | dependencies: web
       | ^

    main.yml must be a list of tasks, not a mapping
      --> /roles/bad_tasks/tasks/main.yml:1:1
       |
     1 | debug: msg=x
       | ^
      hint: start each task with a dash

    /roles/bad_vars/defaults/main.yml must hold a mapping of variables, not 'text'
      --> /roles/bad_vars/defaults/main.yml:1:1
       |
     1 | text
       | ^

    /roles/bad_vars/vars/main.yml must hold a mapping of variables, not a list
      --> /roles/bad_vars/vars/main.yml:1:3
       |
     1 | - a
       |   ^

    Invalid options for import_role: nam
      --> /site.yml:18:21
        |
     18 |     - import_role: {nam: web}
        |                     ^
      hint: did you mean 'name'?

    Invalid options for import_role: port
      --> /site.yml:19:32
        |
     19 |     - import_role: {name: web, port: 80}
        |                                ^

    could not find tasks/instal in the role /roles/web/
      --> /site.yml:20:27
        |
     20 |     - import_role: {name: web, tasks_from: instal}
        |                           ^
      hint: did you mean 'install'?

    Failed loading '../../secret' for role (web) as it is not inside the expected role path: '/roles/web/tasks'
      --> /site.yml:21:27
        |
     21 |     - import_role: {name: web, tasks_from: ../../secret}
        |                           ^

    Expected a string for tasks_from but got 1 instead
      --> /site.yml:22:7
        |
     22 |     - import_role: {name: web, tasks_from: 1}
        |       ^

    Invalid options for import_role: apply
      --> /site.yml:23:32
        |
     23 |     - import_role: {name: web, apply: {tags: x}}
        |                                ^

    'import_role' cannot loop: it is resolved before the play runs
      --> /site.yml:24:7
        |
     24 |     - import_role: {name: web}
        |       ^
      hint: use include_role

    include_role names no role
      --> /site.yml:26:7
        |
     26 |     - include_role: web
        |       ^
      hint: set its option 'name'

    'become' is not a valid attribute for a IncludeRole
      --> /site.yml:28:7
        |
     28 |       become: true
        |       ^
      hint: put it under 'apply' to hand it to what is included

    'until' is not a valid attribute for a IncludeRole
      --> /site.yml:29:7
        |
     29 |       until: x
        |       ^

    'tagz' is not a valid attribute for a Block
      --> /site.yml:27:41
        |
     27 |     - include_role: {name: web, apply: {tagz: x}}
        |                                         ^
      hint: did you mean 'tags'?

    'apply' must be a mapping, not 'text'
      --> /site.yml:30:40
        |
     30 |     - include_role: {name: web, apply: text}
        |                                        ^
    "#);
}

#[test]
fn roles_that_need_each_other() {
    insta::assert_snapshot!(Project::new(
        "
- hosts: all
  roles: [one]
- hosts: all
  roles: [selfish]
### roles/one/meta/main.yml
dependencies: [two]
### roles/two/meta/main.yml
dependencies: [one]
### roles/selfish/tasks/main.yml
- import_role: {name: selfish}
"
    )
    .errors(), @r"
    this never ends: role one (main) -> role two (main) -> role one (main)
      --> /roles/two/meta/main.yml:1:16
       |
     1 | dependencies: [one]
       |                ^
      hint: a role cannot depend on, or import, a role that does the same with it

    this never ends: role selfish (main) -> role selfish (main)
      --> /roles/selfish/tasks/main.yml:1:23
       |
     1 | - import_role: {name: selfish}
       |                       ^
      hint: a role cannot depend on, or import, a role that does the same with it
    ");
}

#[test]
fn galaxy_style_dependencies() {
    insta::assert_snapshot!(Project::new(
        "
- hosts: all
  roles: [r]
### roles/r/meta/main.yml
dependencies:
  - src: git+https://example.org/galaxy-role.git,v1
  - {src: https://example.org/x.tar.gz, name: named}
### roles/galaxy-role/tasks/main.yml
- ping:
### roles/named/tasks/main.yml
- ping:
"
    )
    .shown(), @r"
    play all on all
      role galaxy-role params={'src': 'git+https://example.org/galaxy-role.git,v1'} for r
      role named params={'src': 'https://example.org/x.tar.gz'} for r
      role r needs galaxy-role,named
      role_tasks
        [role galaxy-role]
          ping
        [role named]
          ping
        [role r]
    ");
}

#[test]
fn a_role_named_by_a_path() {
    let project = Project::new(
        "
- hosts: all
  roles: [../elsewhere/deep/role, ./inner/../inner/role]
### elsewhere/deep/role/tasks/main.yml
- ping:
### inner/role/tasks/main.yml
- ping:
",
    );
    let playbook = project.loaded();
    let paths: Vec<_> =
        playbook.plays[0].roles.iter().map(|role| role.path.strip_prefix(project.path()).unwrap()).collect();
    assert_eq!(paths, [std::path::Path::new("elsewhere/deep/role"), std::path::Path::new("inner/role")]);
}
