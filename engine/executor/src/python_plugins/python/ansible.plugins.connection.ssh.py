"""The engine's own SSH as a connection, for plugins that extend it."""
import base64

from kapell_host import ENGINE
from ansible.errors import AnsibleError
from ansible.plugins.connection import ConnectionBase


class Connection(ConnectionBase):
    transport = 'ssh'
    has_pipelining = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.host = self._play_context.remote_addr
        self.port = self._play_context.port
        self.user = self._play_context.remote_user

    def _connect(self):
        self._connected = True
        return self

    def exec_command(self, cmd, in_data=None, sudoable=True):
        data = in_data.encode() if isinstance(in_data, str) else in_data or b''
        return self._ssh('run', command=cmd, input=base64.b64encode(data).decode())

    def put_file(self, in_path, out_path):
        code, _out, err = self._ssh('put', path=str(in_path), to=str(out_path))
        if code:
            raise AnsibleError('failed to transfer file to %s: %s' % (out_path, err.decode('utf-8', 'replace')))

    def fetch_file(self, in_path, out_path):
        code, _out, err = self._ssh('fetch', path=str(in_path), to=str(out_path))
        if code:
            raise AnsibleError('failed to transfer file from %s: %s' % (in_path, err.decode('utf-8', 'replace')))

    @staticmethod
    def _ssh(what, **more):
        found = ENGINE.ask('ssh', do=what, **more)
        return found['rc'], base64.b64decode(found['stdout']), base64.b64decode(found['stderr'])

    def reset(self):
        pass

    def close(self):
        self._connected = False
