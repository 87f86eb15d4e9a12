"""The control node itself as a connection, for plugins that extend it."""
import getpass
import os
import shutil
import subprocess

from ansible.errors import AnsibleError, AnsibleFileNotFound
from ansible.plugins.connection import ConnectionBase


class Connection(ConnectionBase):
    transport = 'local'
    has_pipelining = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.cwd = None
        self.default_user = getpass.getuser()

    def _connect(self):
        self._connected = True
        return self

    def exec_command(self, cmd, in_data=None, sudoable=True):
        done = subprocess.run(cmd, shell=isinstance(cmd, (str, bytes)), input=in_data or b'', cwd=self.cwd,
                              capture_output=True)
        return done.returncode, done.stdout, done.stderr

    def put_file(self, in_path, out_path):
        self._copy(in_path, out_path)

    def fetch_file(self, in_path, out_path):
        self._copy(in_path, out_path)

    def _copy(self, source, target):
        source, target = (os.path.expanduser(path) for path in (source, target))
        if not os.path.exists(source):
            raise AnsibleFileNotFound('file or module does not exist: %s' % source)
        try:
            shutil.copyfile(source, target)
        except shutil.SameFileError:
            pass
        except OSError as error:
            raise AnsibleError('failed to transfer file to %s: %s' % (target, error))

    def reset(self):
        pass

    def close(self):
        self._connected = False
