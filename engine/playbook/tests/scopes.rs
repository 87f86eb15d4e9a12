//! What a task sees of the levels above it; dynamic includes; listings.

mod project;

use std::sync::Arc;

use kapell_parsing::Value;
use kapell_playbook::{
    RoleRequest, ScopeKind, find_task_file, include_scope, listing, load_role, load_task_file, tasks_of,
};
use project::{Project, nodes_tree, role_line};

const SITE: &str = "
- hosts: all
  become: true
  vars: {v: play}
  environment: {A: play}
  tags: p
  tasks:
    - block:
        - import_tasks: sub/a.yml
          vars: {v: import}
          when: i
      become: false
      when: b
      vars: {v: block}
      notify: handler
      collections: [ns.coll]
### sub/a.yml
- thing:
  name: the task
  when: t
  environment: {A: task}
  vars: {v: task}
- include_tasks: b.yml
  when: not handed down
  tags: not_handed_down
  vars: {v: include}
  loop: [1]
### sub/b.yml
- ping:
  tags: c
- import_role: {name: r}
### roles/r/tasks/main.yml
- import_tasks: more.yml
### roles/r/tasks/more.yml
- ping:
### roles/r/handlers/main.yml
- name: of the role
  ping:
### roles/r/meta/main.yml
dependencies: [dep]
### roles/dep/tasks/main.yml
- ping:
";

#[test]
fn keywords_are_handed_down() {
    let playbook = Project::new(SITE).loaded();
    let tasks = tasks_of(&playbook.plays[0].tasks);
    let scope = &tasks[0].scope;
    assert_eq!(scope.inherited("become"), Some(&Value::Bool(false)));
    assert_eq!(scope.inherited("notify"), Some(&"handler".into()));
    assert_eq!(scope.inherited("loop"), None);
    assert_eq!(scope.own("become"), None);
    assert_eq!(scope.conditions().iter().map(ToString::to_string).collect::<Vec<_>>(), ["b", "i", "t"]);
    assert_eq!(
        scope.all("environment").iter().map(|value| value.repr()).collect::<Vec<_>>(),
        ["{'A': 'play'}", "{'A': 'task'}"]
    );
    let vars: Vec<_> = scope.vars_chain().into_iter().map(|(kind, vars)| (kind, vars["v"].to_string())).collect();
    let expected = [
        (ScopeKind::Play, "play"),
        (ScopeKind::Block, "block"),
        (ScopeKind::Import, "import"),
        (ScopeKind::Task, "task"),
    ];
    assert_eq!(vars, expected.map(|(kind, value)| (kind, value.to_string())));
    assert_eq!(tasks[0].action_names(), ["ns.coll.thing", "thing"]);
    assert_eq!(
        scope.chain().map(|level| level.kind).collect::<Vec<_>>(),
        [ScopeKind::Task, ScopeKind::Import, ScopeKind::Block, ScopeKind::Play]
    );
}

#[test]
fn an_include_hands_down_its_variables_and_its_parents_keywords() {
    let project = Project::new(SITE);
    let playbook = project.loaded();
    let play = &playbook.plays[0];
    let include = tasks_of(&play.tasks)[1].clone();
    assert_eq!(include.looping().unwrap().items.repr(), "[1]");
    let scope = include_scope(&include);
    let file = find_task_file(include.free_form.as_deref().unwrap(), &scope, &play.basedir).unwrap();
    assert_eq!(file, project.path().join("sub/b.yml"));
    let loaded = project.with_context(|cx| load_task_file(&file, &scope, cx)).unwrap();
    let mut out = String::new();
    nodes_tree(&loaded.tasks, 0, &mut out);
    insta::assert_snapshot!(out, @r#"
    ping tags=["p", "c"] when=["b", "i"]
    [import] tags=["p"] when=["b", "i"]
      [role dep] tags=["p"] when=["b", "i"]
        ping tags=["p"] when=["b", "i"]
      [role r] tags=["p"] when=["b", "i"]
        [import] tags=["p"] when=["b", "i"]
          ping tags=["p"] when=["b", "i"]
    "#);
    assert_eq!(loaded.handlers.iter().map(|handler| handler.path_name()).collect::<Vec<_>>(), ["r : of the role"]);
    assert_eq!(loaded.imported.iter().map(role_line).collect::<Vec<_>>(), ["dep for r", "r needs dep again"]);
    let first = &tasks_of(&loaded.tasks)[0];
    assert_eq!(first.scope.vars_chain().last().unwrap().1["v"].to_string(), "include");
}

#[test]
fn an_included_role() {
    let project = Project::new(SITE);
    let playbook = project.loaded();
    let play = &playbook.plays[0];
    let include = tasks_of(&play.tasks)[1].clone();
    let request = RoleRequest { name: "r".into(), ..RoleRequest::default() };
    let loaded = project.with_context(|cx| load_role(&request, &include_scope(&include), &play.basedir, cx)).unwrap();
    let mut out = role_line(&loaded.role) + "\n";
    nodes_tree(&loaded.tasks, 0, &mut out);
    insta::assert_snapshot!(out, @r#"
    r needs dep again
    [role dep] tags=["p"] when=["b", "i"]
      ping tags=["p"] when=["b", "i"]
    [role r] tags=["p"] when=["b", "i"]
      [import] tags=["p"] when=["b", "i"]
        ping tags=["p"] when=["b", "i"]
    "#);
    let deepest = tasks_of(&loaded.tasks)[1].clone();
    assert_eq!(deepest.path_name(), "r : ping");
    assert_eq!(deepest.scope.roles_upwards().len(), 1);
    let dependency = tasks_of(&loaded.tasks)[0].clone();
    assert_eq!(
        dependency.scope.roles_upwards().iter().map(|role| role.name.as_str()).collect::<Vec<_>>(),
        ["dep", "r"]
    );
    assert!(Arc::ptr_eq(&dependency.role().unwrap().parents()[0], &loaded.role));
}

#[test]
fn a_missing_role_or_file_is_an_error_of_the_include() {
    let project = Project::new(SITE);
    let playbook = project.loaded();
    let play = &playbook.plays[0];
    let include = tasks_of(&play.tasks)[1].clone();
    let scope = include_scope(&include);
    let request = RoleRequest { name: "nope".into(), ..RoleRequest::default() };
    let errors = project.with_context(|cx| load_role(&request, &scope, &play.basedir, cx)).unwrap_err();
    assert!(errors[0].message.starts_with("the role 'nope' was not found in "), "{}", errors[0]);
    assert_eq!(errors[0].origin.as_ref().unwrap().line, 6);
    let error = find_task_file("bb.yml", &scope, &play.basedir).unwrap_err();
    assert_eq!(error.hint.as_deref(), Some("did you mean 'b.yml'?"));
}

#[test]
fn included_files_of_handlers_hold_handlers() {
    let project = Project::new(
        "
- hosts: all
  handlers:
    - name: x
      include_tasks: later.yml
### later.yml
- ping:
  listen: topic
",
    );
    let playbook = project.loaded();
    let handler = playbook.plays[0].handlers[0].clone();
    let scope = include_scope(&handler);
    let file = project.path().join("later.yml");
    let loaded = project.with_context(|cx| load_task_file(&file, &scope, cx)).unwrap();
    assert!(tasks_of(&loaded.tasks)[0].is_handler);
}

#[test]
fn tasks_and_tags_are_listed() {
    let project = Project::new(
        "
- name: First
  hosts: [web, db]
  tags: [play]
  pre_tasks:
    - name: before
      ping:
  roles: [{role: r, tags: [z, a]}]
  tasks:
    - block:
        - debug:
        - include_role: {name: r}
        - name: \"named {{ x }}\"
          import_role: {name: r}
      rescue:
        - name: not shown
          ping:
      tags: never
    - meta: noop
- hosts: other
### roles/r/tasks/main.yml
- name: of the role
  ping:
- ping:
",
    );
    let playbook = project.loaded();
    let all = listing::list(&playbook, &listing::written_tags, &|_, _| true);
    let shown: Vec<String> =
        all.iter().map(|play| format!("{}\n{}{}", play.header(), play.tasks_text(), play.tags_text())).collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    play #1 (web,db): First	TAGS: [play]
      tasks:
        before	TAGS: [play]
        r : of the role	TAGS: [a, play, z]
        ping	TAGS: [a, play, z]
        debug	TAGS: [never, play]
        include_role	TAGS: [never, play]
        r : of the role	TAGS: [never, play]
        ping	TAGS: [never, play]
        meta	TAGS: [play]
        TASK TAGS: [a, never, play, z]

    play #2 (other): other	TAGS: []
      tasks:
        TASK TAGS: []
    ");
    let some = listing::list(&playbook, &listing::written_tags, &|_, tags| tags.iter().any(|tag| tag == "z"));
    assert_eq!(some[0].task_tags(), ["a", "play", "z"]);
    assert_eq!(some[0].tasks.len(), 2);
}

#[test]
fn names_that_callbacks_print() {
    let project = Project::new(
        "
- hosts: all
  roles: [r]
  tasks:
    - ping:
    - name: named
      ping:
    - include_role: {name: r}
### roles/r/tasks/main.yml
- ping:
- name: named
  ping:
- include_role: {name: other}
- name: named include
  include_role: {name: other}
",
    );
    let playbook = project.loaded();
    let play = &playbook.plays[0];
    let names: Vec<String> = [&play.role_tasks, &play.tasks]
        .into_iter()
        .flat_map(|nodes| tasks_of(nodes))
        .map(|task| task.path_name())
        .collect();
    let expected =
        ["r : ping", "r : named", "include_role : other", "named include", "ping", "named", "include_role : r"];
    assert_eq!(names, expected);
}
