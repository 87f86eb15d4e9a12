#!/usr/bin/env python3
"""Writes this case: for every pair of places where a variable can be set, a variable that is set in both."""
import itertools
import json
import pathlib

LEVELS = ['role_defaults', 'inventory_all', 'inventory_all_file', 'playbook_all_file', 'inventory_group',
          'inventory_group_file', 'playbook_group_file', 'inventory_host', 'inventory_host_file',
          'playbook_host_file', 'play_vars', 'vars_files', 'role_vars', 'block_vars', 'task_vars', 'include_vars',
          'set_fact', 'role_params', 'include_params', 'extra_vars']
PAIRS = list(itertools.combinations(LEVELS, 2))
HERE = pathlib.Path(__file__).parent


def names(level):
    return {f'{one}__{other}': level for one, other in PAIRS if level in (one, other)}


def write(path, data, head=''):
    file = HERE / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(head + (data if isinstance(data, str) else json.dumps(data, indent=1)) + '\n')


def ini(level):
    return ''.join(f'{name}={value}\n' for name, value in names(level).items())


write('inventory/hosts.ini', '[g]\nh ansible_connection=local ' + ' '.join(ini('inventory_host').split())
      + '\n[g:vars]\n' + ini('inventory_group') + '[all:vars]\n' + ini('inventory_all'))
for place, owner in (('inventory/', 'inventory'), ('', 'playbook')):
    write(f'{place}group_vars/all.json', names(f'{owner}_all_file'))
    write(f'{place}group_vars/g.json', names(f'{owner}_group_file'))
    write(f'{place}host_vars/h.json', names(f'{owner}_host_file'))
write('vars_file.json', names('vars_files'))
write('extra.json', names('extra_vars'))
write('roles/r/defaults/main.json', names('role_defaults'))
write('roles/r/vars/main.json', names('role_vars'))
write('roles/r/files/included.json', names('include_vars'))
show = {'debug': {'msg': [f'{{{{ {one}__{other} }}}} of {one}, {other}' for one, other in PAIRS]}}
write('roles/r/tasks/shown.yml', [dict(show, vars=names('task_vars'))])
write('roles/r/tasks/main.yml', [
    {'include_vars': '../files/included.json'},
    {'set_fact': names('set_fact')},
    {'block': [{'include_tasks': 'shown.yml', 'vars': names('include_params')}], 'vars': names('block_vars')},
])
write('site.yml', [{'hosts': 'h', 'gather_facts': False, 'vars': names('play_vars'), 'vars_files': ['vars_file.json'],
                    'roles': [dict(names('role_params'), role='r')]}],
      '# compare: stdout\n# run: site.yml -e @extra.json\n# Written by generate.py.\n')
