#!/usr/bin/python
import sys
from ansible.module_utils.basic import AnsibleModule, human_to_bytes
from ansible.module_utils._text import to_bytes, to_native
from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict, dict_merge, recursive_diff
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.module_utils.six import iteritems, string_types
from ansible.module_utils.six.moves.urllib.parse import urlparse

try:
    from ansible.module_utils.not_there import nothing
except ImportError:
    nothing = None


def main():
    module = AnsibleModule(argument_spec=dict(how=dict(required=True), path=dict(type='path')),
                           add_file_common_args=True)
    how = module.params['how']
    if how == 'plain':
        raise ValueError('bang')
    if how == 'exit':
        sys.exit(3)
    if how.startswith('command'):
        command = ['sh', '-c', 'echo out; echo err >&2; cat; exit %s' % (4 if how == 'command_fails' else 0)]
        rc, out, err = module.run_command(command, check_rc=True, data='in')
        module.exit_json(rc=rc, out=out, err=err)
    if how == 'program':
        module.get_bin_path('no_such_program_anywhere', required=True)
    if how == 'warn':
        module.warn('careful')
        module.deprecate('old', version='9.0')
        module.exit_json(warnings=['more'])
    if how == 'file':
        path = module.params['path']
        with open(module.tmpdir + '/x', 'w') as file:
            file.write('text')
        module.atomic_move(module.tmpdir + '/x', path)
        arguments = module.load_file_common_arguments(module.params)
        changed = module.set_fs_attributes_if_different(arguments, False)
        module.exit_json(changed=changed, path=path)
    if how == 'sums':
        path = module.params['path']
        module.exit_json(sums=[module.sha1(path), module.md5(path), module.sha256(path)])
    found = [human_to_bytes('1.5K'), boolean('on'), to_native(to_bytes(u'\u00e9')), camel_dict_to_snake_dict(
        {'oneTwo': {'ThreeFour': 1}}), dict_merge({'a': {'b': 1}}, {'a': {'c': 2}}), recursive_diff({'a': 1}, {'a': 2}),
        isinstance('x', string_types), dict(iteritems({'a': 1})), urlparse('http://h/p').netloc, nothing is None]
    module.exit_json(found=found)


if __name__ == '__main__':
    main()
