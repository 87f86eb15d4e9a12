//! Task entries in every way they can be written, and what is wrong with the others.

mod project;
use project::Project;

fn tasks(text: &str) -> String {
    let indented: String = text.trim_matches('\n').lines().map(|line| format!("    {line}\n")).collect();
    Project::new(&format!("- hosts: all\n  tasks:\n{indented}")).shown()
}

#[test]
fn forms() {
    insta::assert_snapshot!(tasks(
        r#"
- debug: msg="hello there" verbosity=1
- name: as a mapping
  copy: {src: a, dest: "{{ b }}"}
- action: copy src=a dest=b
- local_action: command ls -l chdir=/tmp
- action: {module: copy, src: a}
- ansible.builtin.copy:
    src: a
  args: {dest: b, src: under}
- copy:
  args: "{{ all }}"
- copy: "{{ all }}"
  args: {dest: b}
- action: "{{ module }} x=1"
- command: echo a=b creates="/tmp/a b" c
- shell: |
    echo 'a b'
    exit 0
  args: {executable: /bin/sh}
- set_fact: a=b c=d
- add_host: name=foo groups=a,b
- meta: flush_handlers
- ping:
- debug: some words
"#
    ), @r"
    play all on all
      tasks
        debug {'msg': 'hello there', 'verbosity': '1'}
        copy {'src': 'a', 'dest': '{{ b }}'} 'as a mapping'
        copy {'src': 'a', 'dest': 'b'}
        command `ls -l` {'chdir': '/tmp'} delegate_to='localhost'
        copy {'src': 'a'}
        ansible.builtin.copy {'dest': 'b', 'src': 'a'}
        copy '{{ all }}'
        copy {'dest': 'b', '_variable_params': '{{ all }}'}
        {{ module }} {'x': '1'}
        command `echo a=b c` {'creates': '/tmp/a b'}
        shell `echo 'a b'
    exit 0
    ` {'executable': '/bin/sh'}
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
    ");
}
