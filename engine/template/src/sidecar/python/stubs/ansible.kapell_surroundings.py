"""What a lookup finds around it: variables, the templar, the loader."""
import os
from collections.abc import Mapping

from kapell_host import ENGINE, FINDER, LazyMap, Trusted, encode


class Variables(Mapping):
    """The task's variables, fetched and templated when they are looked at."""

    def __init__(self):
        self._known = {}

    def __getitem__(self, name):
        if name not in self._known:
            found = ENGINE.variable([name])
            if not found:
                raise KeyError(name)
            self._known[name] = found[0]
        return self._known[name]

    def __contains__(self, name):
        return name in self._known or bool(ENGINE.ask('has_variable', name=str(name)))

    def __iter__(self):
        return iter(ENGINE.ask('variable_names'))

    def __len__(self):
        return len(ENGINE.ask('variable_names'))

    def copy(self):
        return dict(self)


class Loader:
    def get_basedir(self):
        return ENGINE.ask('basedir')

    def path_dwim(self, given):
        given = os.path.expanduser(str(given))
        return given if os.path.isabs(given) else os.path.normpath(os.path.join(self.get_basedir(), given))

    def path_dwim_relative_stack(self, paths, dirname, source, is_role=False):
        return find_file(dirname, source, paths)

    def path_exists(self, path):
        return os.path.exists(self.path_dwim(path))

    def is_file(self, path):
        return os.path.isfile(self.path_dwim(path))

    def is_directory(self, path):
        return os.path.isdir(self.path_dwim(path))

    def list_directory(self, path):
        return os.listdir(self.path_dwim(path))

    def find_vars_files(self, path, name, extensions=None, allow_dir=True):
        """Files or the directory of a name, with the first of the endings that is there."""
        for ending in ['', *(extensions or ['.yml', '.yaml', '.json'])]:
            full = os.path.join(path, name + ending)
            if os.path.isdir(full) and allow_dir and ending == '':
                return [found for found in self._files_below(full, extensions)]
            if os.path.isfile(full):
                return [full]
        return []

    def _files_below(self, directory, extensions):
        for name in sorted(os.listdir(directory)):
            full, ending = os.path.join(directory, name), os.path.splitext(name)[1]
            if name.startswith('.') or name.endswith('~'):
                continue
            if os.path.isdir(full) and not ending:
                yield from self._files_below(full, extensions)
            elif os.path.isfile(full) and (not ending or extensions is None or ending in extensions):
                yield full

    def get_real_file(self, path, decrypt=True):
        return ENGINE.ask('real_file', path=self.path_dwim(path))

    def get_text_file_contents(self, path, encoding=None):
        return ENGINE.ask('read', path=self.path_dwim(path))

    def _get_file_contents(self, path):
        return self.get_text_file_contents(path).encode(), False

    def load_from_file(self, path, **_more):
        return self.load(self.get_text_file_contents(path))

    def load(self, data, **_more):
        return ENGINE.ask('yaml', text=data if isinstance(data, str) else data.decode())


class Templar:
    def __init__(self, variables=None):
        self.available_variables = Variables() if variables is None else variables
        self._loader = Loader()

    @property
    def _available_variables(self):
        return self.available_variables

    def _own(self):
        """The variables to template with: the engine's, a plugin's own, or the engine's with changes."""
        own = self.available_variables
        if isinstance(own, Variables):
            return {}
        if hasattr(own, 'kapell_changes'):
            changes = own.kapell_changes()
            return {'more_variables': encode(changes)} if changes else {}
        if not FINDER.first:
            return {'variables': encode(dict(own))}
        return {'more_variables': encode({name: value for name, value in own.items() if not isinstance(value, LazyMap)})}

    def template(self, variable, *_args, **_kwargs):
        if FINDER.first and not holds_template(variable):
            return variable
        return ENGINE.ask('template', value=encode(variable), **self._own())

    do_template = template

    def evaluate_expression(self, expression, **_kwargs):
        if FINDER.first and not isinstance(expression, Trusted):
            from ansible.errors import AnsibleTemplateError
            raise AnsibleTemplateError('Encountered untrusted template or expression.')
        text = '{{ %s }}' % expression
        return ENGINE.ask('template', value=encode(Trusted(text)) if FINDER.first else text, **self._own())

    def evaluate_conditional(self, conditional, **_kwargs):
        return bool(self.evaluate_expression(conditional))

    def is_template(self, data):
        return isinstance(data, str) and any(mark in data for mark in ('{{', '{%', '{#'))

    is_possibly_template = is_template

    def copy_with_new_env(self, available_variables=None, **_kwargs):
        return Templar(available_variables)

    def set_temporary_context(self, available_variables=None, **_kwargs):
        return Temporarily(self, available_variables)


def holds_template(value):
    if isinstance(value, dict):
        return any(holds_template(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(map(holds_template, value))
    return isinstance(value, Trusted)


class Temporarily:
    def __init__(self, templar, variables):
        self.templar, self.variables = templar, variables

    def __enter__(self):
        self.before = self.templar.available_variables
        if self.variables is not None:
            self.templar.available_variables = self.variables

    def __exit__(self, *_error):
        self.templar.available_variables = self.before


class BuiltinLookup:
    """A lookup of the engine, for plugins that call other lookups."""

    def __init__(self, name):
        self._name = name
        self._options = {}

    def set_options(self, task_keys=None, var_options=None, direct=None):
        self._options = dict(direct or {})

    def set_option(self, name, value):
        self._options[name] = value

    def run(self, terms, variables=None, **kwargs):
        options = encode({**self._options, **kwargs})
        return ENGINE.ask('lookup', name=self._name, args=encode(list(terms)), kwargs=options)


def find_file(dirname, name, paths=None):
    return ENGINE.ask('find_file', dirname=str(dirname), name=str(name), paths=[str(p) for p in paths or []])


def make_lookup(module, name):
    from ansible.plugins import lookup as base
    adapt(base.LookupBase)
    try:
        plugin = module.LookupModule(loader=Loader(), templar=Templar())
    except TypeError:
        plugin = module.LookupModule()
    plugin._load_name = name
    plugin.ansible_name = name
    return plugin


def adapt(base):
    """With the real ansible-core installed its plugins still get files and options from this engine."""
    if getattr(base, '_kapell', False):
        return
    from ansible.kapell_options import Options
    import ansible.plugins as plugins
    base._kapell = True
    base.find_file_in_search_path = _find_file_in_search_path
    if hasattr(plugins.AnsiblePlugin, '_kapell_options'):
        return

    def options(self):
        return self.__dict__.setdefault('_options_of_plugin', None) or self.__dict__.__setitem__(
            '_options_of_plugin', Options.of(self)) or self.__dict__['_options_of_plugin']

    def set_options(self, task_keys=None, var_options=None, direct=None):
        options(self).set_all(direct or {}, var_options or {})

    plugin = plugins.AnsiblePlugin
    plugin.set_options = set_options
    plugin.set_option = lambda self, name, value: options(self).set(name, value)
    plugin.get_option = lambda self, name, hostvars=None: options(self).get(name, hostvars)[0]
    plugin.get_option_and_origin = lambda self, name, hostvars=None: options(self).get(name, hostvars)
    plugin.get_options = lambda self, hostvars=None: options(self).all(hostvars)
    plugin.has_option = lambda self, name: options(self).has(name)


def _find_file_in_search_path(self, myvars, subdir, needle, ignore_missing=False):
    return find_file(subdir, needle) or None
