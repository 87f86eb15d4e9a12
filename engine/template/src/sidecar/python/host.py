"""The Python half of the sidecar: loads the user's filters, tests and lookups and runs them for Kapell.

Frames go over the pipes this process was started with: four bytes of length, then JSON. Every request gets one
`result` or `error`; while one is worked on, this side may `ask` for what only the engine knows.
"""
import datetime
import importlib
import importlib.machinery
import importlib.util
import json
import os
import struct
import sys
import traceback
import zlib

MAX_FRAME = 1 << 30
TAG = '__kapell'


class Pipes:
    def __init__(self, incoming):
        self.incoming = incoming
        self.outgoing = os.fdopen(os.dup(1), 'wb')
        with open(os.devnull, 'rb') as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(2, 1)

    def send(self, message):
        data = json.dumps(message).encode()
        self.outgoing.write(struct.pack('>I', len(data)) + data)
        self.outgoing.flush()

    def receive(self):
        head = self._exactly(4)
        (length,) = struct.unpack('>I', head)
        if length > MAX_FRAME:
            sys.exit(1)
        return json.loads(self._exactly(length))

    def _exactly(self, count):
        data = self.incoming.read(count)
        if len(data) < count:
            sys.exit(0)
        return data


class Undefined:
    """Something undefined, for the few plugins that ask to see it."""

    def __init__(self, name=None, reason=''):
        self._undefined_name = name
        self._undefined_hint = reason

    def __bool__(self):
        return False

    def __str__(self):
        raise error_class('AnsibleUndefinedVariable')(self._undefined_hint)


class Omitted:
    pass


OMIT = Omitted()


class Trusted(str):
    """Text a plugin declared to be a template."""


def error_class(name):
    return getattr(importlib.import_module('ansible.errors'), name)


def decode(value):
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get(TAG)
    if kind is None:
        return {key: decode(item) for key, item in value.items()}
    return DECODERS[kind](value)


def decode_undefined(value):
    marker = marker_class()
    if marker is Undefined:
        return Undefined(value['name'], value['reason'])
    return marker(hint=value['reason'], name=value['name'])


def marker_class():
    return getattr(sys.modules.get('jinja2.runtime'), 'StrictUndefined', None) or Undefined


class LazyNames:
    def __init__(self, names):
        self.names = names


class LazyMap(dict):
    """A map whose entries are fetched when they are looked at: `hostvars`, and one host in it."""

    def __init__(self, path, names, fetch=None):
        super().__init__()
        self._path, self._names, self._fetch = path, names, fetch or ENGINE.raw_variable

    def __missing__(self, key):
        found = self._fetch([*self._path, key])
        if not found:
            raise KeyError(key)
        self[key] = found[0]
        return found[0]

    def get(self, key, default=None):
        return self[key] if key in self else default

    def __contains__(self, key):
        return key in self._names

    def __iter__(self):
        return iter(self._names)

    def __len__(self):
        return len(self._names)

    def keys(self):
        return list(self._names)

    def values(self):
        return [self[name] for name in self._names]

    def items(self):
        return [(name, self[name]) for name in self._names]

    def raw(self, host):
        return self[host]


DECODERS = {
    'trusted': lambda v: Trusted(v['text']),
    'tuple': lambda v: tuple(decode(item) for item in v['items']),
    'dict': lambda v: {decode(key): decode(item) for key, item in v['items']},
    'undefined': decode_undefined,
    'lazy': lambda v: LazyNames(v['names']),
    'omit': lambda v: OMIT,
    'datetime': lambda v: datetime.datetime.fromisoformat(v['iso']),
    'timedelta': lambda v: datetime.timedelta(microseconds=v['microseconds']),
    'opaque': lambda v: v['repr'],
}


def encode(value, depth=0):
    if depth > 500:
        raise RecursionError('maximum recursion depth exceeded')
    if value is None or value is True or value is False:
        return value
    if isinstance(value, Trusted):
        return {TAG: 'trusted', 'text': str(value)}
    if isinstance(value, str):
        return str.__str__(value).encode('utf-8', 'surrogateescape').decode('utf-8', 'replace')
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode('utf-8', 'replace')
    return encode_container(value, depth + 1)


def encode_container(value, depth):
    if is_undefined(value):
        hint = getattr(value, '_undefined_hint', None)
        name = getattr(value, '_undefined_name', None)
        return {TAG: 'undefined', 'name': name, 'reason': hint or ('%r is undefined' % name if name else '')}
    if value is OMIT:
        return {TAG: 'omit'}
    if isinstance(value, datetime.datetime):
        return {TAG: 'datetime', 'iso': value.isoformat()}
    if isinstance(value, datetime.date):
        return {TAG: 'date', 'iso': value.isoformat()}
    if isinstance(value, datetime.timedelta):
        return {TAG: 'timedelta', 'microseconds': value // datetime.timedelta(microseconds=1)}
    if isinstance(value, tuple):
        return {TAG: 'tuple', 'items': [encode(item, depth) for item in value]}
    if hasattr(value, 'keys') and hasattr(value, '__getitem__'):
        items = [(key, value[key]) for key in value.keys()]
        if all(isinstance(key, str) for key, _item in items) and TAG not in value:
            return {encode(key): encode(item, depth) for key, item in items}
        return {TAG: 'dict', 'items': [[encode(key, depth), encode(item, depth)] for key, item in items]}
    if hasattr(value, '__iter__'):
        return [encode(item, depth) for item in value]
    return {TAG: 'object', 'type': type(value).__name__, 'text': str(value), 'repr': repr(value)}


def is_undefined(value):
    if isinstance(value, Undefined):
        return True
    runtime = sys.modules.get('jinja2.runtime')
    return runtime is not None and isinstance(value, runtime.Undefined)


class Engine:
    """What the other side of the pipes can be asked."""

    def __init__(self, pipes):
        self.pipes = pipes

    def ask(self, question, **more):
        self.pipes.send({'ask': question, **more})
        while True:
            message = self.pipes.receive()
            if 'op' in message:
                self.pipes.send(answer(message))
                continue
            if 'fault' in message:
                name = message.get('class') or ('AnsibleUndefinedVariable' if message.get('undefined') else 'AnsibleError')
                raise error_class(name)(message['fault'])
            return decode(message['answer'])

    def raw_variable(self, path):
        """A variable as it was written: a list with it, or an empty one."""
        found = self.ask('raw_variable', path=[str(part) for part in path])
        return [LazyMap(path, item.names) if isinstance(item, LazyNames) else item for item in found]

    def variable(self, path):
        """A variable, or what is in one, templated: a list with it, or an empty one."""
        found = self.ask('variable', path=[str(part) for part in path])
        return [LazyMap(path, item.names, self.variable) if isinstance(item, LazyNames) else item for item in found]

    def filter(self, name, *args, **kwargs):
        return self.ask('filter', name=name, args=encode(list(args)), kwargs=encode(kwargs))

    def test(self, name, *args, **kwargs):
        return self.ask('test', name=name, args=encode(list(args)), kwargs=encode(kwargs))


class Plugins:
    """Loaded plugins by file."""

    def __init__(self):
        self.loaded = {}

    def module(self, file, kind, package):
        if file not in self.loaded:
            self.loaded[file] = self._load(file, kind, package)
        return self.loaded[file]

    @staticmethod
    def _load(file, kind, package):
        stem = os.path.splitext(os.path.basename(file))[0]
        if package:
            return importlib.import_module(package)
        unique = '' if kind == 'lookup' else '_%d' % (zlib.crc32(file.encode()) + 1)
        name = 'ansible.plugins.%s.%s%s' % (kind, stem, unique)
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        return module

    def functions(self, request):
        """The filters or tests of a file."""
        kind = request['kind']
        module = self.module(request['file'], kind, request.get('package'))
        found = getattr(module, kind.title() + 'Module')()
        return getattr(found, kind + 's')()


PLUGINS = Plugins()


def list_plugins(request):
    functions = PLUGINS.functions(request)
    return {
        name: {'markers': bool(getattr(function, 'accept_args_markers', False))}
        for name, function in functions.items()
    }


def with_context(function, args):
    """Jinja's pass_context and its like put something before the value."""
    wants = getattr(function, 'jinja_pass_arg', None)
    if wants is None:
        return args
    context = importlib.import_module('ansible.kapell_context')
    return [context.passed(getattr(wants, 'name', str(wants))), *args]


def call_function(request):
    function = PLUGINS.functions(request)[request['name']]
    args = [decode(item) for item in request['args']]
    kwargs = {key: decode(item) for key, item in request['kwargs'].items()}
    result = function(*with_context(function, args), **kwargs)
    if request['kind'] == 'test':
        return {'truth': bool(result), 'boolean': isinstance(result, bool), 'type': str(type(result))}
    return encode(result)


def call_lookup(request):
    module = PLUGINS.module(request['file'], 'lookup', request.get('package'))
    surroundings = importlib.import_module('ansible.kapell_surroundings')
    lookup = surroundings.make_lookup(module, request['name'])
    terms = [decode(item) for item in request['args']]
    kwargs = {key: decode(item) for key, item in request['kwargs'].items()}
    result = lookup.run(terms, variables=surroundings.Variables(), **kwargs)
    if isinstance(result, (str, bytes)) or not hasattr(result, '__iter__'):
        kind = type(result).__name__
        raise error_class('AnsibleError')('the lookup gave %s, not a list' % kind)
    return [encode(item) for item in result]


def configure(request):
    for path in reversed(request['collections']):
        if path not in sys.path:
            sys.path.insert(0, path)
    return None


OPERATIONS = {'list': list_plugins, 'call': call_function, 'lookup': call_lookup, 'configure': configure}


def operation(name):
    """One of ours, or `module:function` for other kinds of plugins."""
    module, _, function = name.partition(':')
    return getattr(importlib.import_module(module), function) if function else OPERATIONS[name]


def answer(message):
    try:
        return {'result': operation(message['op'])(message)}
    except SystemExit:
        raise
    except BaseException as error:
        return {'error': str(error), 'type': type(error).__name__, 'undefined': is_about_undefined(error),
                'kinds': [base.__name__ for base in type(error).__mro__], 'trace': traceback.format_exc()}


def is_about_undefined(error):
    return any(base.__name__ in ('AnsibleUndefinedVariable', 'UndefinedError') for base in type(error).__mro__)


class StubFinder:
    """Gives the `ansible` package of ours (and others plugins expect) where the real one is not installed."""

    def __init__(self, sources, behind):
        self.sources = sources
        # Where an installed package has what we have not.
        self.behind = behind

    def find_spec(self, name, path=None, target=None):
        source = self.sources.get(name)
        if source is None:
            return None
        package = any(other.startswith(name + '.') for other in self.sources)
        spec = importlib.machinery.ModuleSpec(name, self, is_package=package)
        top, *rest = name.split('.')
        if package and top in self.behind:
            spec.submodule_search_locations = [os.path.join(self.behind[top], *rest)]
        return spec

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        source = self.sources[module.__name__]
        exec(compile(source, '<kapell %s>' % module.__name__, 'exec'), module.__dict__)


def is_installed(package):
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def install_stubs(sources, first=False):
    """Stubs by top-level package; an installed package wins, except for what only we have in it. With `first` our
    `ansible` comes first, and an installed one has the rest."""
    global FINDER
    wanted, behind = {}, {}
    for top in sorted({name.split('.')[0] for name in sources}):
        installed = is_installed(top) and (top != 'ansible' or is_installed('ansible.errors'))
        own = {name: text for name, text in sources.items() if name.split('.')[0] == top}
        if installed and first and top == 'ansible':
            behind[top] = os.path.dirname(importlib.util.find_spec(top).origin)
            installed = False
        wanted.update({name: text for name, text in own.items() if 'kapell' in name} if installed else own)
    for name in [name for name in sys.modules if name.split('.')[0] in behind]:
        del sys.modules[name]
    FINDER = StubFinder(wanted, behind)
    FINDER.first = first
    sys.meta_path.insert(0, FINDER)


def main():
    pipes = Pipes(INPUT)
    globals()['ENGINE'] = Engine(pipes)
    stubs = pipes.receive()
    install_stubs(stubs['sources'], stubs.get('first', False))
    while True:
        pipes.send(answer(pipes.receive()))


main()
