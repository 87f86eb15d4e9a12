"""The base of connection plugins."""
import functools
import shlex

from ansible.plugins import AnsiblePlugin
from ansible.utils.display import Display

display = Display()
BUFSIZE = 65536


def ensure_connect(function):
    @functools.wraps(function)
    def wrapped(self, *args, **kwargs):
        if not self._connected:
            self._connect()
        return function(self, *args, **kwargs)
    return wrapped


class ConnectionBase(AnsiblePlugin):
    has_pipelining = False
    has_native_async = False
    always_pipeline_modules = False
    has_tty = True
    module_implementation_preferences = ('',)
    allow_executable = True
    supports_persistence = False
    force_persistence = False
    default_user = None
    transport = None
    # Whether commands go through this object, not through the engine's own connection.
    is_foreign = True

    def __init__(self, play_context, *args, **kwargs):
        super().__init__()
        from ansible.plugins.shell.sh import ShellModule
        self._play_context = play_context
        self._connected = False
        self._socket_path = None
        self._shell = ShellModule()
        self.become = None
        self._kapell_wrap = None
        self.host_vars = {}

    @property
    def connected(self):
        return self._connected

    @property
    def socket_path(self):
        return self._socket_path

    def set_become_plugin(self, plugin):
        self.become = plugin

    def _connect(self):
        return self

    @ensure_connect
    def exec_command(self, cmd, in_data=None, sudoable=True):
        pass

    @ensure_connect
    def put_file(self, in_path, out_path):
        pass

    @ensure_connect
    def fetch_file(self, in_path, out_path):
        pass

    def close(self):
        pass

    def reset(self):
        display.warning('Reset is not implemented for this connection')

    def connection_lock(self):
        pass

    def connection_unlock(self):
        pass

    def update_vars(self, variables):
        pass

    @staticmethod
    def _split_ssh_args(argstring):
        return shlex.split(argstring)

    def run_shell(self, cmd, sudoable, in_data, executable):
        """A command line for the host's shell, as the task's user."""
        if executable:
            cmd = '%s -c %s' % (executable, shlex.quote(cmd))
        if sudoable and self.become is not None:
            cmd = self.become.build_become_command(cmd, self._shell)
        code, out, err = self.exec_command(cmd, in_data=in_data, sudoable=sudoable)
        out = as_bytes(out)
        if sudoable and self.become is not None and out.lstrip().startswith(self.become.success.encode()):
            out = out.lstrip()[len(self.become.success):].lstrip(b'\r').removeprefix(b'\n')
        return code, out, as_bytes(err)


class NetworkConnectionBase(ConnectionBase):
    force_persistence = True
    _remote_is_local = True

    def __init__(self, play_context, *args, **kwargs):
        super().__init__(play_context, *args, **kwargs)
        self._network_os = play_context.network_os
        self._messages = []
        self._sub_plugin = {}
        self._conn_closed = False
        from ansible.plugins.connection.local import Connection
        self._local = Connection(play_context)

    def exec_command(self, cmd, in_data=None, sudoable=True):
        return self._local.exec_command(cmd, in_data, sudoable)

    def put_file(self, in_path, out_path):
        return self._local.put_file(in_path, out_path)

    def fetch_file(self, in_path, out_path):
        return self._local.fetch_file(in_path, out_path)

    def reset(self):
        pass

    def close(self):
        self._conn_closed = True
        self._connected = False

    def queue_message(self, level, message):
        self._messages.append((level, message))

    def pop_messages(self):
        messages, self._messages = self._messages, []
        return messages


def as_bytes(data):
    if data is None:
        return b''
    return data.encode('utf-8', 'surrogateescape') if isinstance(data, str) else bytes(data)
