//! Blocks and handlers: how they nest, and what is said about wrong ones.

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
fn blocks() {
    insta::assert_snapshot!(tasks(
        r#"
- name: outer
  when: a
  tags: [x, "y,z"]
  become: true
  block:
    - ping:
      tags: 5
    - block:
        - debug:
      when: [b, c]
      name: inner
  rescue:
    - debug: msg=rescue
  always:
    - debug: msg=always
- rescue: []
  always: []
"#
    ), @r#"
    play all on all
      tasks
        [block] outer become=True tags=["x", "y", "z"] when=["a"]
          ping tags=["x", "y", "z", "5"] when=["a"]
          [block] inner tags=["x", "y", "z"] when=["a", "b", "c"]
            debug tags=["x", "y", "z"] when=["a", "b", "c"]
        rescue
          debug {'msg': 'rescue'} tags=["x", "y", "z"] when=["a"]
        always
          debug {'msg': 'always'} tags=["x", "y", "z"] when=["a"]
        [block]
    "#);
}

#[test]
fn wrong_blocks() {
    insta::assert_snapshot!(tasks(
        r"
- block:
- block: foo
- block: []
  debug: msg=1
  loop: [1]
- rescue:
    - ping:
- always:
    - ping:
"
    ), @r"
    'block' must be a list of tasks, not nothing
      --> /site.yml:3:7
       |
     3 |     - block:
       |       ^
      hint: remove it, or write []

    'block' must be a list of tasks, not 'foo'
      --> /site.yml:4:14
       |
     4 |     - block: foo
       |              ^
      hint: start each task with a dash

    a block cannot have an action of its own: 'debug'
      --> /site.yml:6:7
       |
     6 |       debug: msg=1
       |       ^
      hint: put it into the list under 'block'

    'loop' is not a valid attribute for a Block
      --> /site.yml:7:7
       |
     7 |       loop: [1]
       |       ^
      hint: 'loop' belongs on a task or handler

    'rescue' without 'block'
      --> /site.yml:8:7
       |
     8 |     - rescue:
       |       ^

    'always' without 'block'
      --> /site.yml:10:7
        |
     10 |     - always:
        |       ^
    ");
}

#[test]
fn handlers() {
    insta::assert_snapshot!(section(
        "handlers",
        r#"
- name: restart
  service: name=x state=restarted
  listen: [web, "all of them"]
- become: true
  block:
    - name: inside
      debug: msg=1
      listen: one
- import_tasks: more.yml
  listen: ignored
- include_tasks: later.yml
  name: later
  listen: topic
### more.yml
- name: imported
  ping:
  listen: three
"#
    ), @r#"
    play all on all
      handlers
        service {'name': 'x', 'state': 'restarted'} 'restart' listen=["web", "all of them"]
        debug {'msg': '1'} 'inside' listen=["one"]
        ping 'imported' listen=["three"]
        include_tasks `later.yml` 'later' listen=["topic"]
    "#);
}

#[test]
fn wrong_handlers() {
    insta::assert_snapshot!(section(
        "handlers",
        r"
- include_role: {name: x}
- import_role: {name: x}
- ping:
  listen: [1]
- ping:
  listn: x
- meta: end_role
- block:
    - block: []
- import_tasks: blocks.yml
### blocks.yml
- block:
    - ping:
"
    ), @r"
    Using 'include_role' as a handler is not supported.
      --> /site.yml:3:7
       |
     3 |     - include_role: {name: x}
       |       ^
      hint: include_tasks can

    Using 'import_role' as a handler is not supported.
      --> /site.yml:4:7
       |
     4 |     - import_role: {name: x}
       |       ^
      hint: include_tasks can

    'listen' must be text or a list of texts, not 1
      --> /site.yml:6:7
       |
     6 |       listen: [1]
       |       ^

    'listn' is not a valid attribute for a Handler
      --> /site.yml:8:7
       |
     8 |       listn: x
       |       ^
      hint: did you mean 'listen'?

    Cannot execute 'end_role' from a handler
      --> /site.yml:9:7
       |
     9 |     - meta: end_role
       |       ^

    Using a block as a handler is not supported.
      --> /site.yml:11:11
        |
     11 |         - block: []
        |           ^
      hint: blocks stand in the list of handlers itself, and lend their keywords only

    Using a block as a handler is not supported.
      --> /blocks.yml:1:3
       |
     1 | - block:
       |   ^
      hint: blocks stand in the list of handlers itself, and lend their keywords only
    ");
}

fn nested_blocks(depth: usize) -> Project {
    let blocks = "[{block: ".repeat(depth);
    let ends = "}]".repeat(depth);
    Project::new(&format!("- hosts: all\n  tasks: {blocks}[{{debug: {{msg: deep}}}}]{ends}\n"))
}

#[test]
fn blocks_nest_as_deep_as_yaml_does() {
    let depth = 240;
    let playbook = nested_blocks(depth).loaded();
    let tasks = kapell_playbook::tasks_of(&playbook.plays[0].tasks);
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0].scope.chain().count(), depth + 2);
}

#[test]
fn five_hundred_blocks_in_one_file_are_an_error_not_a_crash() {
    insta::assert_snapshot!(nested_blocks(500).errors().lines().take(2).collect::<Vec<_>>().join("\n"), @r"
    collections are nested more than 512 levels deep
      --> /site.yml:2:2305
    ");
}

/// Each file nests a hundred blocks and imports the next.
#[test]
fn six_hundred_blocks_over_imported_files() {
    let blocks = "[{block: ".repeat(100);
    let ends = "}]".repeat(100);
    let mut files = vec!["- hosts: all\n  tasks: [{import_tasks: '0.yml'}]\n".to_string()];
    for file in 0..6 {
        let next = file + 1;
        files.push(format!("### {file}.yml\n{blocks}[{{import_tasks: '{next}.yml'}}]{ends}\n"));
    }
    files.push("### 6.yml\n- debug: {msg: deep}\n".to_string());
    let playbook = Project::new(&files.concat()).loaded();
    let tasks = kapell_playbook::tasks_of(&playbook.plays[0].tasks);
    assert_eq!(tasks[0].scope.chain().count(), 600 + 7 + 2);
}
