"""Loads callback plugins and tells them what happens."""
import sys

from kapell_host import ENGINE, PLUGINS, decode
from ansible import context
from ansible.executor.task_result import CallbackTaskResult
from ansible.kapell_task import Task
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback import CallbackBase
from ansible.utils.display import Display

LOADED = []


def load(request):
    """The names of those that take part."""
    sys.stdout = Printed()
    Display.verbosity, Display.columns = request['verbosity'], request['columns']
    Display.colored = request['colored']
    return [name for name in (load_one(about) for about in request['plugins']) if name]


def load_one(about):
    try:
        module = PLUGINS.module(about['file'], 'callback', about.get('package'))
        kind = module.CallbackModule
    except Exception as error:
        return ignore(about, 'because it could not be loaded: %s' % error)
    if not issubclass(kind, CallbackBase):
        return ignore(about, "due to missing base class 'CallbackBase'.")
    if not about['stdout']:
        if getattr(kind, 'CALLBACK_TYPE', '') == 'stdout':
            return None
        needs = getattr(kind, 'CALLBACK_NEEDS_ENABLED', getattr(kind, 'CALLBACK_NEEDS_WHITELIST', False))
        if needs and not about['enabled']:
            return None
    if any(type(plugin) is kind for plugin in LOADED):
        return None
    try:
        plugin = kind()
        plugin._load_name = plugin.ansible_name = about['name']
        plugin.set_options()
        plugin._init_callback_methods()
    except Exception as error:
        return ignore(about, 'because it could not be set up: %s' % error)
    if getattr(plugin, 'disabled', False):
        return None
    LOADED.append(plugin)
    return about['name']


def ignore(about, why):
    ENGINE.ask('notice', level='warning', text="Ignoring callback plugin '%s' %s" % (about['name'], why))


class Printed:
    """What plugins print goes where the engine's own output goes."""
    encoding = 'utf-8'

    def __init__(self):
        self.line = ''

    def write(self, text):
        *lines, self.line = (self.line + text).split('\n')
        for line in lines:
            Display().display(line)
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False


class Named:
    """Something with a name: a host, a handler, a playbook."""

    def __init__(self, name, **more):
        self.name = name
        self.vars = {}
        self.__dict__.update(more)

    def get_name(self, *_args, **_kwargs):
        return self.name

    def get_vars(self):
        return self.vars

    def __str__(self):
        return str(self.name)

    __repr__ = __str__

    def __hash__(self):
        return hash(self.name)

    def __eq__(self, other):
        return isinstance(other, Named) and other.name == self.name


class Play(Named):
    pass


class Host(Named):
    pass


class Handler(Named):
    pass


class Playbook(Named):
    pass


class PlayVariables:
    """The variables of a play that are known without a host."""

    def __init__(self, batch):
        self._batch = batch

    def get_vars(self, *_args, **_kwargs):
        names = ('ansible_play_batch', 'ansible_play_hosts', 'ansible_play_hosts_all')
        known = {name: list(self._batch) for name in names}
        return {**known, 'vars': known}


class AggregateStats:
    def __init__(self, about):
        hosts = about['hosts']
        self.processed = dict.fromkeys(hosts, 1)
        for name, count in (('ok', 'ok'), ('changed', 'changed'), ('dark', 'unreachable'), ('failures', 'failed'),
                            ('skipped', 'skipped'), ('rescued', 'rescued'), ('ignored', 'ignored')):
            setattr(self, name, {host: counts[count] for host, counts in hosts.items() if counts[count]})
        self.custom = about['custom']

    def summarize(self, host):
        return {'ok': self.ok.get(host, 0), 'failures': self.failures.get(host, 0),
                'unreachable': self.dark.get(host, 0), 'changed': self.changed.get(host, 0),
                'skipped': self.skipped.get(host, 0), 'rescued': self.rescued.get(host, 0),
                'ignored': self.ignored.get(host, 0)}


TASKS = {}


def task_of(about):
    if about['id'] not in TASKS:
        if len(TASKS) > 64:
            TASKS.pop(next(iter(TASKS)))
        kind = TaskInclude if about['is_include'] else Task
        task = TASKS[about['id']] = kind(about)
        task._uuid = 'task-%d' % about['id']
    return TASKS[about['id']]


def play_of(about):
    return Play(about['name'], hosts=about['pattern'], _uuid='play-%s' % about['name'], strategy='linear', serial=[],
                check_mode=about['check_mode'], roles=[], tags=[], _attributes={}, get_path=lambda: '',
                get_variable_manager=lambda: PlayVariables(about['batch']))


def arguments(event):
    """The values of a method, in order."""
    kind = event['kind']
    if kind == 'result':
        return [CallbackTaskResult(Host(event['host']), task_of(event['task']), event['result'], event['fields'],
                                   event.get('error'))]
    if kind == 'task':
        return [task_of(event['task'])]
    if kind == 'start':
        return [Host(event['host']), task_of(event['task'])]
    if kind == 'playbook':
        return [Playbook(event['file'], _file_name=event['file'], _basedir=event['dir'], _entries=[None] * event['plays'])]
    if kind == 'play':
        return [play_of(event)]
    if kind == 'notify':
        return [Handler(event['handler']), Host(event['host'])]
    if kind == 'include':
        return [Named(event['file'], _filename=event['file'], _hosts=[Host(host) for host in event['hosts']],
                      _args={}, _vars=event['vars'], _is_role=event['is_role'], _task=None)]
    if kind == 'stats':
        return [AggregateStats(event)]
    return []


def tell(request):
    event = decode(request['event'])
    if event['kind'] == 'playbook':
        context.CLIARGS.update(check=event['check'], args=(event['file'],))
    more = event.get('more') or {}
    is_implicit = bool((event.get('task') or {}).get('implicit'))
    for plugin in LOADED:
        if getattr(plugin, 'disabled', False):
            continue
        if is_implicit and not plugin.wants_implicit_tasks:
            continue
        for method in (event['method'], 'v2_on_any'):
            if method not in plugin._implemented_callback_methods:
                continue
            try:
                # Each has a result of its own to change.
                given = arguments(decode(request['event']))
                plugin._current_task_result = given[0] if event['kind'] == 'result' else None
                getattr(plugin, method)(*given, **more)
            except Exception as error:
                text = 'Callback dispatch %r failed for plugin %r: %s' % (method, plugin._load_name, error)
                ENGINE.ask('notice', level='warning', text=text)
    return None
