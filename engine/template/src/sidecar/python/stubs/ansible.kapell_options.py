"""Documented options of a plugin: given directly, by variables, the environment, `ansible.cfg`, or default."""
import os
import sys

from kapell_host import ENGINE

TRUE = ('y', 'yes', 'on', '1', 'true', 't', 1, 1.0, True)
FALSE = ('n', 'no', 'off', '0', 'false', 'f', 0, 0.0, False)


def boolean(value, strict=True):
    if isinstance(value, bool):
        return value
    text = value.strip().lower() if isinstance(value, str) else value
    if text in TRUE:
        return True
    if text in FALSE or not strict:
        return False
    raise TypeError("The value %r is not a valid boolean." % (value,))


def to_list(value):
    if isinstance(value, str):
        return [part.strip() for part in value.split(',')]
    if isinstance(value, (list, tuple)):
        return list(value)
    raise ValueError(value)


def to_integer(value):
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            value = float(value)
    if int(value) != value:
        raise ValueError(value)
    return int(value)


def to_text(value):
    if isinstance(value, (str, int, float, bool, complex)):
        return str(value)
    raise ValueError(value)


def to_path(value):
    return os.path.abspath(os.path.expanduser(os.path.expandvars(str(value))))


def to_none(value):
    if value in ('None', None):
        return None
    raise ValueError(value)


def to_dict(value):
    if isinstance(value, dict) or hasattr(value, 'keys'):
        return value
    raise ValueError(value)


TYPES = {
    'bool': boolean, 'boolean': boolean, 'int': to_integer, 'integer': to_integer, 'float': float,
    'list': to_list, 'str': to_text, 'string': to_text, 'path': to_path, 'tmp': to_path, 'tmppath': to_path,
    'pathspec': lambda v: [to_path(p) for p in (v.split(os.pathsep) if isinstance(v, str) else v)],
    'pathlist': lambda v: [to_path(p) for p in to_list(v)],
    'dict': to_dict, 'dictionary': to_dict, 'none': to_none,
}


class Options:
    def __init__(self, plugin, kind, definitions):
        self.plugin = plugin
        self.kind = kind
        self.definitions = definitions
        self.values = {}

    @classmethod
    def of(cls, plugin):
        module = sys.modules.get(type(plugin).__module__)
        definitions = documented(getattr(module, 'DOCUMENTATION', None), getattr(plugin, 'kapell_definitions', {}))
        kind = type(plugin).__name__.replace('Module', '').lower()
        return cls(getattr(plugin, '_load_name', None) or module.__name__.split('.')[-1], kind, definitions)

    def has(self, name):
        return name in self.definitions

    def set(self, name, value):
        self.values[name] = (self.converted(name, value, 'Direct'), 'Direct')

    def set_all(self, direct, variables):
        for name in self.definitions:
            if name in direct or self.alias(name, direct):
                self.set(name, direct[name if name in direct else self.alias(name, direct)])
            else:
                self.values[name] = self.found(name, variables)
                self.check_required(name)

    def alias(self, name, direct):
        return next((alias for alias in self.definitions[name].get('aliases') or [] if alias in direct), None)

    def check_required(self, name):
        definition = self.definitions[name]
        if self.values[name][0] is None and definition.get('required') and not name.startswith('_'):
            from ansible.errors import AnsibleOptionsError
            raise AnsibleOptionsError(
                'No setting was provided for required configuration plugin_type: %s plugin: %s setting: %s '
                % (self.kind, self.plugin, name))

    def get(self, name, hostvars=None):
        if name not in self.values:
            if name not in self.definitions:
                from ansible.errors import AnsibleError
                raise KeyError(str(AnsibleError(
                    'Requested entry (plugin_type: %s plugin: %s setting: %s ) was not defined in configuration.'
                    % (self.kind, self.plugin, name))))
            self.values[name] = self.found(name, hostvars or {})
        return self.values[name]

    def all(self, hostvars=None):
        return {name: self.get(name, hostvars)[0] for name in self.definitions}

    def found(self, name, variables):
        definition = self.definitions[name]
        value, origin = self.raw(definition, variables)
        return (self.converted(name, value, origin), origin)

    @staticmethod
    def raw(definition, variables):
        for entry in reversed(definition.get('vars') or []):
            if entry['name'] in variables:
                return variables[entry['name']], 'var: %s' % entry['name']
        for entry in reversed(definition.get('env') or []):
            if entry['name'] in os.environ:
                return os.environ[entry['name']], 'env: %s' % entry['name']
        for entry in reversed(definition.get('ini') or []):
            value = ENGINE.ask('ini', section=entry.get('section', 'defaults'), key=entry['key'])
            if value is not None:
                return value, ENGINE.ask('config_file')
        return definition.get('default'), 'default'

    def converted(self, name, value, origin):
        definition = self.definitions.get(name) or {}
        wanted = definition.get('type')
        if value is None:
            return None
        try:
            value = TYPES[wanted](value) if wanted in TYPES else value
        except (TypeError, ValueError):
            self.invalid(name, origin, 'Invalid value provided for %r: %r' % (wanted, value))
        self.check_choices(name, definition, value)
        return value

    def check_choices(self, name, definition, value):
        choices = definition.get('choices')
        if not choices:
            return
        chosen = value if definition.get('type') == 'list' else [value]
        if any(choice not in choices for choice in chosen):
            from ansible.errors import AnsibleOptionsError
            valid = ', '.join(map(str, choices))
            raise AnsibleOptionsError(
                'Invalid value "%s" for configuration option "plugin_type: %s plugin: %s setting: %s ", valid values '
                'are: %s' % (value, self.kind, self.plugin, name, valid))

    def invalid(self, name, origin, why):
        from ansible.errors import AnsibleOptionsError
        raise AnsibleOptionsError(
            'Config %r for %r %s plugin from %r has an invalid value: %s' % (name, self.plugin, self.kind, origin, why))


def documented(documentation, more):
    """Definitions of the options in a plugin's documentation and the fragments it names, on top of `more`."""
    documentation = ENGINE.ask('yaml', text=documentation) if isinstance(documentation, str) else documentation
    documentation = documentation or {}
    definitions = {**more, **(documentation.get('options') or {})}
    fragments = documentation.get('extends_documentation_fragment') or []
    for name in [fragments] if isinstance(fragments, str) else fragments:
        for option, definition in fragment_options(name).items():
            definitions.setdefault(option, definition)
    return definitions


def documentation_in(file):
    """The text of DOCUMENTATION in a file, which is not run for it."""
    import ast
    with open(file, encoding='utf-8') as source:
        body = ast.parse(source.read()).body
    for statement in body:
        names = [target.id for target in getattr(statement, 'targets', []) if isinstance(target, ast.Name)]
        if 'DOCUMENTATION' in names and isinstance(statement.value, ast.Constant):
            return statement.value.value
    return None


def option_of(request):
    """The value and the place of one option of the plugin in a file; nothing where it has no such option."""
    from ansible.errors import AnsibleOptionsError
    from ansible.kapell_surroundings import Variables
    from kapell_host import encode
    plugin, kind, name = request['plugin'], request['kind'], request['name']
    options = Options(plugin, kind, documented(documentation_in(request['file']), {}))
    if not options.has(name):
        return None
    value, origin = options.found(name, Variables())
    if value is None and options.definitions[name].get('required'):
        raise AnsibleOptionsError('Required config %r for %r %s plugin not provided.' % (name, plugin, kind))
    return [encode(value), origin]


def setting(kind, default, section, key, env, **more):
    return {'type': kind, 'default': default, 'ini': [{'section': section, 'key': key}], 'env': [{'name': env}], **more}


# Options of documentation fragments every Ansible has, by the fragment's name.
FRAGMENTS = {
    'inventory_cache': {
        'cache': setting('bool', False, 'inventory', 'cache', 'ANSIBLE_INVENTORY_CACHE'),
        'cache_plugin': setting('str', 'memory', 'inventory', 'cache_plugin', 'ANSIBLE_INVENTORY_CACHE_PLUGIN'),
        'cache_timeout': setting('int', 3600, 'inventory', 'cache_timeout', 'ANSIBLE_INVENTORY_CACHE_TIMEOUT'),
        'cache_connection': setting('str', None, 'inventory', 'cache_connection', 'ANSIBLE_INVENTORY_CACHE_CONNECTION'),
        'cache_prefix': setting('str', 'ansible_inventory_', 'inventory', 'cache_prefix',
                                'ANSIBLE_INVENTORY_CACHE_PLUGIN_PREFIX'),
    },
    'constructed': {
        'strict': {'type': 'bool', 'default': False},
        'compose': {'type': 'dict', 'default': {}},
        'groups': {'type': 'dict', 'default': {}},
        'keyed_groups': {'type': 'list', 'default': []},
        'use_extra_vars': setting('bool', False, 'inventory_plugins', 'use_extra_vars',
                                  'ANSIBLE_INVENTORY_USE_EXTRA_VARS'),
        'leading_separator': {'type': 'bool', 'default': True},
    },
    'default_callback': {
        'display_skipped_hosts': setting('bool', True, 'defaults', 'display_skipped_hosts',
                                         'ANSIBLE_DISPLAY_SKIPPED_HOSTS'),
        'display_ok_hosts': setting('bool', True, 'defaults', 'display_ok_hosts', 'ANSIBLE_DISPLAY_OK_HOSTS'),
        'display_failed_stderr': setting('bool', False, 'defaults', 'display_failed_stderr',
                                         'ANSIBLE_DISPLAY_FAILED_STDERR'),
        'show_custom_stats': setting('bool', False, 'defaults', 'show_custom_stats', 'ANSIBLE_SHOW_CUSTOM_STATS'),
        'show_per_host_start': setting('bool', False, 'defaults', 'show_per_host_start',
                                       'ANSIBLE_SHOW_PER_HOST_START'),
        'check_mode_markers': setting('bool', False, 'defaults', 'check_mode_markers', 'ANSIBLE_CHECK_MODE_MARKERS'),
        'show_task_path_on_failure': setting('bool', False, 'defaults', 'show_task_path_on_failure',
                                             'ANSIBLE_SHOW_TASK_PATH_ON_FAILURE'),
    },
    'result_format_callback': {
        'result_format': setting('str', 'json', 'defaults', 'callback_result_format', 'ANSIBLE_CALLBACK_RESULT_FORMAT',
                                 choices=['json', 'yaml']),
        'result_indentation': setting('int', 4, 'defaults', 'callback_result_indentation',
                                      'ANSIBLE_CALLBACK_RESULT_INDENTATION'),
        'pretty_results': setting('bool', None, 'defaults', 'callback_format_pretty', 'ANSIBLE_CALLBACK_FORMAT_PRETTY'),
    },
    'vars_plugin_staging': {'stage': {'type': 'str', 'choices': ['all', 'task', 'inventory']}},
    'connection_pipelining': {
        'pipelining': setting('bool', False, 'defaults', 'pipelining', 'ANSIBLE_PIPELINING',
                              vars=[{'name': 'ansible_pipelining'}]),
    },
}


def fragment_beside_content(name, part='DOCUMENTATION'):
    from kapell_host import PLUGINS
    try:
        found = ENGINE.ask('find_plugin', kind='doc_fragments', name=name, collections=[])
        module = PLUGINS.module(found['file'], 'doc_fragments', found.get('package')) if found else None
    except Exception:
        module = None
    text = getattr(getattr(module, 'ModuleDocFragment', None), part.upper(), '')
    return (ENGINE.ask('yaml', text=text) or {}).get('options') or {} if text else {}


def fragment_options(name):
    """Options of a documentation fragment `ns.coll.fragment[.part]`; none for one that is not there."""
    import importlib
    parts = name.split('.')
    if parts[:2] == ['ansible', 'builtin']:
        name = '.'.join(parts[2:])
    if len(parts) < 3 or name in FRAGMENTS:
        return FRAGMENTS[name] if name in FRAGMENTS else fragment_beside_content(*parts)
    part = parts[3].upper() if len(parts) > 3 else 'DOCUMENTATION'
    try:
        module = importlib.import_module('ansible_collections.%s.%s.plugins.doc_fragments.%s' % tuple(parts[:3]))
    except ImportError:
        return {}
    text = getattr(module.ModuleDocFragment, part, '')
    return (ENGINE.ask('yaml', text=text) or {}).get('options') or {}
