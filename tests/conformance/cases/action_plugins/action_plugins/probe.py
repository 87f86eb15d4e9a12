from ansible.errors import AnsibleActionFail, AnsibleActionSkip, AnsibleError
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    _VALID_ARGS = frozenset(('how', 'text'))
    _supports_check_mode = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        result.update(getattr(self, 'do_' + self._task.args.get('how', 'plain'))(task_vars))
        return result

    def do_plain(self, task_vars):
        return {'text': self._task.args.get('text'), 'action': self._task.action, 'changed': True}

    def do_fail(self, task_vars):
        raise AnsibleActionFail('no way', result={'why': 'because'})

    def do_skip(self, task_vars):
        raise AnsibleActionSkip('not today')

    def do_error(self, task_vars):
        raise AnsibleError('an error with {{ text }}')

    def do_exception(self, task_vars):
        raise ValueError('a value')

    def do_module(self, task_vars):
        return self._execute_module('command', {'_raw_params': 'echo one'}, task_vars=task_vars)

    def do_missing_module(self, task_vars):
        return self._execute_module('no_such_module', {}, task_vars=task_vars)

    def do_command(self, task_vars):
        said = self._low_level_execute_command('echo out; echo err >&2; exit 3')
        return {'said': said, 'here': self._remote_file_exists('/etc/passwd')}

    def do_template(self, task_vars):
        template = self._templar.template
        return {'literal': template('{{ greeting }}'), 'written': template(task_vars['greeting']),
                'many': template({'a': [task_vars['greeting'], 1]}), 'has': 'greeting' in task_vars,
                'other': task_vars['hostvars'][task_vars['inventory_hostname']]['inventory_hostname']}

    def do_transfer(self, task_vars):
        base = self._make_tmp_path()
        target = self._connection._shell.join_path(base, 'data')
        self._transfer_data(target, 'some data')
        self._transfer_file(self._find_needle('files', 'text.txt'), target + '2')
        read = self._low_level_execute_command('cat %s %s2' % (target, target))
        return {'read': read['stdout'], 'sum': self._execute_remote_stat(target, all_vars=task_vars, follow=False)['checksum']}

    def do_specified(self, task_vars):
        spec = {'how': {'type': 'str'}, 'text': {'type': 'int', 'default': 3}}
        _result, arguments = self.validate_argument_spec(spec)
        return {'arguments': arguments}
