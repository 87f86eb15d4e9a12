"""What plugins ask about the shell of a host."""
import os
import shlex

from ansible.plugins import AnsiblePlugin


class ShellBase(AnsiblePlugin):
    COMPATIBLE_SHELLS = frozenset(('sh', 'zsh', 'bash', 'dash', 'ksh'))
    SHELL_FAMILY = 'sh'
    SHELL_EMBEDDED_PY_EOL = '\n'
    ECHO = 'echo'
    COMMAND_SEP = ';'
    _SHELL_AND = '&&'
    _SHELL_OR = '||'

    def __init__(self):
        super().__init__()
        self.env = {}
        self.tmpdir = None
        self.executable = None
        self._kapell = {}

    def get_option(self, option, hostvars=None):
        if option in self._kapell:
            return self._kapell[option]
        return {'remote_tmp': '~/.ansible/tmp', 'environment': [], 'admin_users': ['root'], 'async_dir': '~/.ansible_async',
                'system_tmpdirs': ['/var/tmp', '/tmp'], 'world_readable_temp': False, 'common_remote_group': None}[option]

    def set_option(self, option, value):
        self._kapell[option] = value

    def set_options(self, task_keys=None, var_options=None, direct=None):
        self._kapell.update(direct or {})

    def join_path(self, *args):
        return os.path.join(*args)

    def get_remote_filename(self, pathname):
        return os.path.basename(pathname.strip())

    def path_has_trailing_slash(self, path):
        return path.endswith('/')

    def quote(self, cmd):
        return shlex.quote(cmd)

    def env_prefix(self, **kwargs):
        return ' '.join('%s=%s' % (name, shlex.quote(str(value))) for name, value in kwargs.items())

    def chmod(self, paths, mode):
        return self._line('chmod', mode, *paths)

    def chown(self, paths, user):
        return self._line('chown', user, *paths)

    def chgrp(self, paths, group):
        return self._line('chgrp', group, *paths)

    def set_user_facl(self, paths, user, mode):
        return self._line('setfacl', '-m', 'u:%s:%s' % (user, mode), *paths)

    def remove(self, path, recurse=False):
        return self._line('rm', '-rf' if recurse else '-f', path)

    def exists(self, path):
        return self._line('test', '-e', path)

    def mkdtemp(self, basefile=None, system=False, mode=0o700, tmpdir=None):
        base = tmpdir or ('/tmp' if system else self.get_option('remote_tmp'))
        return 'umask %o && mkdir -p %s && mktemp -d %s' % (
            0o777 & ~mode, shlex.quote(base), shlex.quote(base + '/ansible-tmp-XXXXXXXXXX'))

    def expand_user(self, user_home_path, username=''):
        return 'echo %s' % user_home_path

    def pwd(self):
        return 'echo "$PWD"'

    def checksum(self, path, python_interp):
        return 'sha1sum %s' % shlex.quote(path)

    def build_module_command(self, env_string, shebang, cmd, arg_path=None):
        return ' '.join(part for part in (env_string, (shebang or '').lstrip('#!').strip(), cmd, arg_path) if part)

    def append_command(self, cmd, cmd_to_append):
        return '%s %s %s' % (cmd, self._SHELL_AND, cmd_to_append)

    def wrap_for_exec(self, cmd):
        return cmd

    @staticmethod
    def _line(*words):
        return ' '.join(shlex.quote(str(word)) for word in words)
