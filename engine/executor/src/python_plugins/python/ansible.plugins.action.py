"""The base of action plugins. What they do on hosts the engine does for them."""
import base64
import os
import shlex
import tempfile

from kapell_host import ENGINE, FINDER, encode
from ansible.errors import AnsibleActionFail, AnsibleActionSkip, AnsibleError
from ansible.plugins import AnsiblePlugin
from ansible.utils.display import Display

display = Display()

# Actions of the engine; a class of each can be imported and extended.
NATIVE = ('add_host', 'assemble', 'assert', 'async_status', 'command', 'copy', 'debug', 'dnf', 'fail', 'fetch',
          'gather_facts', 'group_by', 'include_vars', 'package', 'pause', 'raw', 'reboot', 'script', 'service',
          'set_fact', 'set_stats', 'shell', 'template', 'unarchive', 'uri', 'validate_argument_spec',
          'wait_for_connection')
# What they let a job do.
BACKGROUND = ('command', 'dnf', 'package', 'service', 'shell', 'uri')
FREE_FORM = ('add_host', 'command', 'group_by', 'include_vars', 'raw', 'script', 'set_fact', 'shell')

_SOURCE = '''
from ansible.plugins.action import NativeAction


class ActionModule(NativeAction):
    _native_name = %r
    _supports_async = %r
    supports_raw_params = %r
    BYPASS_HOST_LOOP = %r
    TRANSFERS_FILES = %r
'''
for _name in NATIVE:
    FINDER.sources['ansible.plugins.action.' + _name] = _SOURCE % (
        _name, _name in BACKGROUND, _name in FREE_FORM, _name in ('add_host', 'pause'),
        _name in ('assemble', 'copy', 'script', 'template', 'unarchive'))


class ActionBase(AnsiblePlugin):
    _VALID_ARGS = frozenset()
    BYPASS_HOST_LOOP = False
    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False
    supports_raw_params = False

    def __init__(self, task, connection, play_context, loader, templar, shared_loader_obj):
        super().__init__()
        self._task = task
        self._connection = connection
        self._play_context = play_context
        self._loader = loader
        self._templar = templar
        self._shared_loader_obj = shared_loader_obj
        self._cleanup_remote_tmp = False
        self._display = display
        self._used_interpreter = None

    def run(self, tmp=None, task_vars=None):
        if self._task.async_val and not self._supports_async:
            raise AnsibleActionFail('This action (%s) does not support async.' % self._task.action)
        if self._task.check_mode and not self._supports_check_mode:
            raise AnsibleActionSkip('This action (%s) does not support check mode.' % self._task.action)
        if self._VALID_ARGS:
            unknown = [str(name) for name in self._task.args if name not in self._VALID_ARGS]
            if unknown:
                raise AnsibleActionFail('Invalid options for %s: %s' % (self._task.action, ','.join(sorted(unknown))))
        if self._connection._shell.tmpdir is None and self._early_needs_tmp_path():
            self._make_tmp_path()
        return {}

    def _early_needs_tmp_path(self):
        return bool(self.TRANSFERS_FILES)

    def validate_argument_spec(self, argument_spec=None, mutually_exclusive=None, required_together=None,
                               required_one_of=None, required_if=None, required_by=None):
        from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
        arguments = {name: value for name, value in self._task.args.items()}
        validator = ArgumentSpecValidator(argument_spec or {}, mutually_exclusive, required_together, required_one_of,
                                          required_if, required_by)
        result = validator.validate(arguments)
        if result.error_messages:
            raise AnsibleActionFail(', '.join(result.error_messages))
        return result, result.validated_parameters

    # What runs on the host.

    def _execute_module(self, module_name=None, module_args=None, tmp=None, task_vars=None,
                        persist_files=False, delete_remote_tmp=None, wrap_async=False, ignore_unknown_opts=False):
        args = self._task.args if module_args is None else module_args
        return ENGINE.ask('execute_module', name=module_name, args=encode(dict(args)),
                          background=bool(wrap_async and self._task.async_val), **self._how())

    def _how(self):
        task = self._task
        return {'check': bool(task.check_mode), 'diff': bool(task.diff),
                'environment': encode(task.environment), 'async_val': task.async_val, 'poll': task.poll}

    def _low_level_execute_command(self, cmd, sudoable=True, in_data=None, executable=None,
                                   encoding_errors='surrogate_then_replace', chdir=None):
        if chdir:
            cmd = 'cd %s && %s' % (shlex.quote(chdir), cmd)
        if self._connection.is_foreign:
            code, out, err = self._connection.run_shell(cmd, sudoable, in_data, executable)
        else:
            code, out, err = engine_command(cmd, sudoable, in_data, executable)
        stdout, stderr = (data.decode('utf-8', 'surrogateescape') for data in (out, err))
        return dict(rc=code, stdout=stdout, stdout_lines=stdout.splitlines(), stderr=stderr,
                    stderr_lines=stderr.splitlines())

    def _remote_file_exists(self, path):
        return self._low_level_execute_command('test -e %s' % shlex.quote(path))['rc'] == 0

    def _remote_expand_user(self, path, sudoable=True, pathsep=None):
        if not path.startswith('~'):
            return path
        user, _, rest = path.partition('/')
        if not user[1:].replace('_', '').replace('-', '').replace('.', '').isalnum() and user != '~':
            return path
        found = self._low_level_execute_command('echo ' + user, sudoable=sudoable)['stdout'].strip().splitlines()
        home = found[-1] if found else user
        return home + ('/' + rest if rest else '')

    def _execute_remote_stat(self, path, all_vars, follow, tmp=None, checksum=True):
        result = self._execute_module('ansible.legacy.stat', dict(
            path=path, follow=follow, get_checksum=checksum, checksum_algorithm='sha1'), task_vars=all_vars)
        if result.get('failed'):
            raise AnsibleError('Failed to get information on remote file (%s): %s' % (path, result.get('msg')))
        stat = result['stat']
        if not stat['exists']:
            stat['checksum'] = '1'
        stat.setdefault('checksum', '')
        return stat

    def _remote_checksum(self, path, all_vars=None, follow=False):
        stat = self._execute_remote_stat(path, all_vars, follow)
        return '3' if stat.get('isdir') else stat['checksum']

    # Temporary files.

    def _make_tmp_path(self, remote_user=None):
        base = self._remote_expand_user(self._connection._shell.get_option('remote_tmp'), sudoable=False)
        command = 'umask 77 && mkdir -p %s && mktemp -d %s' % (
            shlex.quote(base), shlex.quote(base + '/ansible-tmp-XXXXXXXXXX'))
        result = self._low_level_execute_command(command, sudoable=False)
        lines = result['stdout'].strip().splitlines()
        if result['rc'] != 0 or not lines:
            raise AnsibleError('Failed to create temporary directory. %s' % result['stderr'].strip())
        self._connection._shell.tmpdir = lines[-1]
        self._cleanup_remote_tmp = True
        return lines[-1]

    def _should_remove_tmp_path(self, tmp_path):
        return bool(tmp_path) and self._cleanup_remote_tmp and '-tmp-' in tmp_path

    def _remove_tmp_path(self, tmp_path, force=False):
        tmp_path = tmp_path or self._connection._shell.tmpdir
        if tmp_path and (force or self._should_remove_tmp_path(tmp_path)):
            self._low_level_execute_command('rm -rf %s' % shlex.quote(tmp_path), sudoable=False)
            if self._connection._shell.tmpdir == tmp_path:
                self._connection._shell.tmpdir = None

    def cleanup(self, force=False):
        self._remove_tmp_path(self._connection._shell.tmpdir, force=force)

    def _transfer_file(self, local_path, remote_path):
        self._connection.put_file(local_path, remote_path)
        return remote_path

    def _transfer_data(self, remote_path, data):
        if isinstance(data, (dict, list)):
            import json
            data = json.dumps(data)
        handle, path = tempfile.mkstemp(prefix='kapell-data-')
        try:
            with os.fdopen(handle, 'wb') as file:
                file.write(data if isinstance(data, bytes) else str(data).encode('utf-8', 'surrogateescape'))
            return self._transfer_file(path, remote_path)
        finally:
            os.unlink(path)

    def _fixup_perms2(self, remote_paths, remote_user=None, execute=True):
        become = self._play_context.become_user if self._play_context.become else None
        names = ' '.join(shlex.quote(path) for path in remote_paths)
        if self._is_become_unprivileged():
            rights = 'r-x' if execute else 'r-X'
            rule = shlex.quote('u:%s:%s' % (become, rights))
            for command in ('setfacl -m %s %s' % (rule, names),
                            'chmod u+x %s && chown %s %s' % (names, shlex.quote(become), names)):
                if self._low_level_execute_command(command, sudoable=False)['rc'] == 0:
                    return remote_paths
            raise AnsibleError('Failed to set permissions on the temporary files Ansible needs to create when becoming '
                               'an unprivileged user')
        if execute:
            self._low_level_execute_command('chmod u+x %s' % names, sudoable=False)
        return remote_paths

    _fixup_perms = _fixup_perms2

    def _remote_chmod(self, paths, mode, sudoable=False):
        names = ' '.join(shlex.quote(path) for path in paths)
        return self._low_level_execute_command('chmod %s %s' % (shlex.quote(mode), names), sudoable=sudoable)

    def _is_become_unprivileged(self):
        context = self._play_context
        if not context.become or context.become_user in (None, '', 'root'):
            return False
        return context.become_user != self._get_remote_user()

    def _get_admin_users(self):
        return ['root']

    def _get_remote_user(self):
        return self._play_context.remote_user or ''

    def get_become_option(self, option, playcontext=True):
        return getattr(self._play_context, option if option.startswith('become') else 'become_' + option, None)

    def _is_pipelining_enabled(self, module_style, wrap_async=False):
        return True

    def get_plugin_option(self, plugin, option, default=None):
        try:
            return plugin.get_option(option)
        except (AttributeError, KeyError):
            return default

    def get_shell_option(self, option, default=None):
        return self.get_plugin_option(self._connection._shell, option, default)

    # On the control node.

    def _find_needle(self, dirname, needle):
        return ENGINE.ask('find_needle', dirname=str(dirname), name=str(needle))

    def _get_diff_data(self, destination, source, task_vars, content=None, source_file=True):
        return ENGINE.ask('native_action', name='copy', args=encode(dict(
            {'content': source} if not source_file else {'src': source}, dest=destination)),
            **dict(self._how(), check=True, diff=True)).get('diff', {})

    def _parse_returned_data(self, res, profile='legacy'):
        import json
        text = res.get('stdout', '')
        return json.loads(text[text.index('{'):])

    def _get_configured_interpreter(self, *_args):
        return None

    def _compute_environment_string(self, raw_environment_out=None):
        found = {}
        for entry in self._task.environment or []:
            found.update(entry or {})
        if raw_environment_out is not None:
            raw_environment_out.update(found)
        return self._connection._shell.env_prefix(**found)

    def _log_messages(self, *_args):
        pass


def engine_command(cmd, sudoable, in_data, executable):
    data = in_data.encode() if isinstance(in_data, str) else in_data or b''
    found = ENGINE.ask('command', command=cmd, sudoable=bool(sudoable), executable=executable or None,
                       input=base64.b64encode(data).decode())
    return found['rc'], base64.b64decode(found['stdout']), base64.b64decode(found['stderr'])


class NativeAction(ActionBase):
    """An action of the engine under its own or another name."""
    _native_name = None

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        more = task_vars.kapell_changes() if hasattr(task_vars, 'kapell_changes') else {}
        result.update(ENGINE.ask('native_action', name=self._native_name, args=encode(dict(self._task.args)),
                                 more_variables=encode(more), background=bool(self._task.async_val), **self._how()))
        return result

    def _early_needs_tmp_path(self):
        return False
