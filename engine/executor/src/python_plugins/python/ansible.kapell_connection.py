"""Connections as plugins see them: the engine's own, or an object of the user's connection plugin."""
from collections.abc import Mapping

from kapell_host import ENGINE, PLUGINS
from ansible.plugins.connection import ConnectionBase

# What options of connections are called -> the engine's names for them.
OPTIONS = {
    'remote_addr': 'remote_addr', 'host': 'remote_addr', 'remote_user': 'remote_user', 'port': 'port',
    'password': 'password', 'remote_password': 'password', 'private_key_file': 'private_key_file',
    'timeout': 'timeout', 'executable': 'executable', 'host_key_checking': 'host_key_checking',
}


class Become:
    """What a plugin may ask about how a task becomes another user."""

    def __init__(self, context):
        self.name = context.become_method
        self.success = 'BECOME-SUCCESS-' + context.become_token
        self._context = context
        self.prompt = ''

    def get_option(self, option, hostvars=None, playcontext=None):
        return getattr(self._context, option, None)

    def build_become_command(self, cmd, shell):
        return ENGINE.ask('become', command=cmd, success=self.success)

    def check_success(self, output):
        return self.success.encode() in (output if isinstance(output, bytes) else output.encode())

    def expect_prompt(self):
        return False


class EngineConnection(ConnectionBase):
    """A connection of the engine."""
    is_foreign = False
    has_pipelining = True
    _connected = True

    def __init__(self, play_context, transport):
        super().__init__(play_context)
        self.transport = transport
        self._connected = True
        self._kapell = {}

    def get_option(self, option, hostvars=None):
        if option in self._kapell:
            return self._kapell[option]
        if option in OPTIONS:
            return getattr(self._play_context, OPTIONS[option])
        if option == 'pipelining':
            return True
        raise KeyError(option)

    def get_options(self, hostvars=None):
        return {name: self.get_option(name) for name in OPTIONS}

    def has_option(self, option):
        return option in OPTIONS or option in self._kapell

    def set_option(self, option, value):
        self._kapell[option] = value

    def set_options(self, task_keys=None, var_options=None, direct=None):
        self._kapell.update(direct or {})

    def exec_command(self, cmd, in_data=None, sudoable=True):
        from ansible.plugins.action import engine_command
        return engine_command(cmd, False, in_data, None)

    def put_file(self, in_path, out_path):
        ENGINE.ask('put_file', path=str(in_path), to=str(out_path))

    def fetch_file(self, in_path, out_path):
        ENGINE.ask('fetch_file', path=str(in_path), to=str(out_path))


def connection_for(about, context):
    connection = make(about, context)
    connection._shell.set_option('remote_tmp', context.remote_tmp)
    connection._shell.executable = context.executable
    if context.become:
        connection.become = Become(context)
    return connection


def make(about, context):
    if not about.get('file'):
        connection = EngineConnection(context, about['transport'])
        connection._load_name, connection.ansible_name = about['transport'], about['name']
        return connection
    module = PLUGINS.module(about['file'], 'connection', about.get('package'))
    connection = module.Connection(context, None)
    connection._load_name = connection.ansible_name = about['name']
    connection.set_options(var_options=Templated())
    given = {'password': context.password, 'remote_password': context.password, 'remote_user': context.remote_user,
             'port': context.port, 'timeout': context.timeout, 'private_key_file': context.private_key_file}
    fill(connection, given)
    return connection


def fill(connection, given):
    """The command line's values for options nothing else sets."""
    known = connection._kapell_options()
    for name, value in given.items():
        for option, definition in known.definitions.items():
            if value is not None and name in (option, *(definition.get('aliases') or [])):
                if known.get(option)[1] == 'default':
                    connection.set_option(option, value)


class Templated(Mapping):
    """The variables of the host that is connected to, templated, for the options of a plugin."""

    def __contains__(self, name):
        return bool(ENGINE.ask('raw_variable', path=[name], of='target'))

    def __getitem__(self, name):
        if name not in self:
            raise KeyError(name)
        return ENGINE.ask('variable', name=name, of='target')[0]

    def __iter__(self):
        return iter(ENGINE.ask('variable_names', of='target'))

    def __len__(self):
        return len(ENGINE.ask('variable_names', of='target'))
