"""Connections as plugins see them: the engine's own, or an object of the user's connection plugin."""
import base64
import os
import shlex
import tempfile
from collections.abc import Mapping

from kapell_host import ENGINE, PLUGINS, decode
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


class Kept:
    """The connection this process keeps between requests."""
    key = connection = None

    @classmethod
    def drop(cls):
        connection, cls.connection, cls.key = cls.connection, None, None
        if connection is not None:
            connection.close()


def serve(request):
    """One command, one file, or the end of a connection of the user's plugin."""
    from ansible.kapell_task import PlayContext
    if request['do'] == 'reset':
        if Kept.key == request['key']:
            Kept.connection.reset()
            Kept.drop()
        return None
    context = PlayContext(decode(request['context']))
    if Kept.key != request['key']:
        Kept.drop()
        Kept.connection, Kept.key = make(request['connection'], context), request['key']
    connection = Kept.connection
    connection._play_context = context
    connection.become = Become(context) if context.become else None
    try:
        if request['do'] == 'put':
            connection.put_file(request['path'], request['to'])
            return None
        code, out, err = with_input(connection, request)
    finally:
        if not connection.connected:
            Kept.drop()
    return {'rc': code, 'stdout': base64.b64encode(out).decode(), 'stderr': base64.b64encode(err).decode()}


def with_input(connection, request):
    """Input goes in a file where the plugin does not pass it on."""
    command, data = request['command'], request['input'] and base64.b64decode(request['input'])
    shell = request['executable']
    if not data or connection.has_pipelining:
        return connection.run_shell(command, request['sudoable'], data or None, shell)
    handle, local = tempfile.mkstemp(prefix='kapell-input-')
    remote = '/var/tmp/' + os.path.basename(local)
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(data)
        connection.put_file(local, remote)
    finally:
        os.unlink(local)
    if request['sudoable'] and connection.become is not None:
        connection.run_shell('chmod 644 %s' % shlex.quote(remote), False, None, '/bin/sh')
    try:
        command = '{ %s\n} < %s' % (command, shlex.quote(remote))
        return connection.run_shell(command, request['sudoable'], None, shell)
    finally:
        connection.run_shell('rm -f %s' % shlex.quote(remote), False, None, '/bin/sh')


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
