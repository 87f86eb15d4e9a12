"""The base of inventory plugins."""
import hashlib
import os
import re
import string
from collections.abc import Mapping, MutableMapping

from kapell_host import ENGINE, Trusted
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.kapell_surroundings import Loader, Templar
from ansible.plugins import AnsiblePlugin
from ansible.plugins.cache import CachePluginAdjudicator as CacheObject
from ansible.plugins.cache import cache_of
from ansible.utils.display import Display

display = Display()


def to_safe_group_name(name, replacer='_', force=False, silent=False):
    return re.sub(r'[^A-Za-z0-9_]', replacer, re.sub(r'^(\d)', replacer + r'\1', str(name)))


def detect_range(line=None):
    return '[' in line


def expand_hostname_range(line=None):
    """`web[01:03].site` as a list."""
    if not line or '[' not in line:
        return [line] if line else []
    head, _, rest = line.partition('[')
    bounds, _, tail = rest.partition(']')
    begin, end, *step = bounds.split(':')
    step = int(step[0]) if step else 1
    if not end:
        raise AnsibleError('host range must specify end value')
    begin = begin or '0'
    if begin.isdigit():
        width = len(begin) if begin.startswith('0') else 0
        values = [str(number).zfill(width) for number in range(int(begin), int(end) + 1, step)]
    else:
        letters = string.ascii_letters
        values = list(letters[letters.index(begin):letters.index(end) + 1:step])
    return [name for value in values for name in expand_hostname_range(head + value + tail)]


class BaseInventoryPlugin(AnsiblePlugin):
    TYPE = 'generator'
    _sanitize_group_name = staticmethod(to_safe_group_name)

    def __init__(self):
        super().__init__()
        self._options = {}
        self.inventory = self.loader = self.templar = None
        self.display = display
        self._cache = None
        self._vars = {}

    def parse(self, inventory, loader, path, cache=True):
        self.inventory, self.loader = inventory, loader
        self.templar = Templar({})
        self._vars = {}

    def verify_file(self, path):
        return os.path.exists(path) and os.access(path, os.R_OK)

    def _populate_host_vars(self, hosts, variables, group=None, port=None):
        for host in hosts:
            self.inventory.add_host(host, group=group, port=port)
            for name, value in variables.items():
                self.inventory.set_variable(host, name, value)

    def _read_config_data(self, path):
        try:
            config = self.loader.load_from_file(path, cache='none')
        except Exception as error:
            raise AnsibleParserError(str(error))
        if not config:
            raise AnsibleParserError('%s is empty' % path)
        if config.get('plugin') not in self._names():
            raise AnsibleParserError('Incorrect plugin name in file: %s' % config.get('plugin', 'none found'))
        if not isinstance(config, Mapping):
            raise AnsibleParserError('inventory source has invalid structure, it should be a dictionary')
        self.set_options(direct=config)
        if 'cache' in self._kapell_options().definitions and self.get_option('cache'):
            self.load_cache_plugin()
        return config

    def _names(self):
        name = self._load_name or self.NAME
        return {getattr(self, 'NAME', None), name, name.split('.')[-1], *(getattr(self, '_redirected_names', None) or ())}

    def _consume_options(self, data):
        for name in self._kapell_options().definitions:
            if name in data:
                self.set_option(name, data[name])

    def _expand_hostpattern(self, hostpattern):
        name, _, port = hostpattern.rpartition(':') if re.search(r'\]?:\d+$', hostpattern) else (hostpattern, '', '')
        return expand_hostname_range(name) or [name], int(port) if port else None

    def load_cache_plugin(self):
        wanted = {}
        for name in ('connection', 'timeout', 'prefix'):
            if self.has_option('cache_' + name):
                wanted['_uri' if name == 'connection' else '_' + name] = self.get_option('cache_' + name)
        plugin = self.get_option('cache_plugin') if self.has_option('cache_plugin') else 'memory'
        self._cache = CacheObject(cache_of(plugin or 'memory', wanted))

    def get_cache_key(self, path):
        names = [self.NAME, path]
        return '%s_%s' % tuple(hashlib.sha1(str(name).encode()).hexdigest()[:10] for name in names)

    @property
    def cache(self):
        return self._cache

    def clear_cache(self):
        self._cache = {}


class BaseFileInventoryPlugin(BaseInventoryPlugin):
    TYPE = 'storage'


class Cacheable:
    _cache = None

    @property
    def cache(self):
        return self._cache

    def get_cache_key(self, path):
        return '%s_%s' % (self.NAME, self._get_cache_prefix(path))

    def _get_cache_prefix(self, path):
        first = hashlib.sha1(str(self.NAME).encode()).hexdigest()
        second = hashlib.sha1(str(path).encode()).hexdigest()
        return 's_'.join([first[:5], second[:5]])

    def clear_cache(self):
        self._cache.flush()

    def update_cache_if_changed(self):
        if hasattr(self._cache, 'update_cache_if_changed'):
            self._cache.update_cache_if_changed()

    def set_cache_plugin(self):
        self._cache.set_cache()


class Constructable:
    def _variables_of(self, host, fetch):
        found = self.inventory.get_host(host)
        return found.get_vars() if found else {}

    def _compose(self, template, variables, disable_lookups=True):
        self.templar.available_variables = dict(variables)
        return self.templar.evaluate_expression(Trusted(template))

    def _set_composite_vars(self, compose, variables, host, strict=False):
        for name, expression in (compose or {}).items():
            try:
                self.inventory.set_variable(host, name, self._compose(expression, variables))
            except AnsibleError as error:
                if strict:
                    raise AnsibleError('Could not set %s for host %s: %s' % (name, host, error))

    def _add_host_to_composed_groups(self, groups, variables, host, strict=False, fetch_hostvars=True):
        variables = {**variables, **(self._variables_of(host, True) if fetch_hostvars else {})}
        for name, condition in (groups or {}).items():
            try:
                wanted = bool(self._compose(condition, variables))
            except AnsibleError as error:
                if strict:
                    raise AnsibleParserError('Could not add host %s to group %s: %s' % (host, name, error))
                continue
            if wanted:
                group = self.inventory.add_group(to_safe_group_name(name))
                self.inventory.add_child(group, host)

    def _add_host_to_keyed_groups(self, keys, variables, host, strict=False, fetch_hostvars=True):
        variables = {**variables, **(self._variables_of(host, True) if fetch_hostvars else {})}
        for keyed in keys or []:
            try:
                key = self._compose(keyed.get('key'), variables)
            except AnsibleError as error:
                if strict:
                    raise AnsibleParserError('Could not generate group for host %s from %s entry: %s'
                                             % (host, keyed.get('key'), error))
                continue
            self._add_keyed(keyed, key, host)

    def _add_keyed(self, keyed, key, host):
        prefix, separator = keyed.get('prefix', ''), keyed.get('separator', '_')
        default, trailing = keyed.get('default_value'), keyed.get('trailing_separator', True)
        if isinstance(key, Mapping):
            names = ['%s%s%s' % (name, separator, value if value != '' else default or '')
                     if value != '' or default or trailing else name for name, value in key.items()]
        else:
            names = [name if name != '' else default for name in (key if isinstance(key, list) else [key])]
        for name in filter(None, names):
            lead = separator if prefix or self._leads() else ''
            group = self.inventory.add_group(to_safe_group_name('%s%s%s' % (prefix, lead, name)))
            parent = keyed.get('parent_group')
            if parent:
                self.inventory.add_child(self.inventory.add_group(to_safe_group_name(parent)), group)
            self.inventory.add_child(group, host)

    def _leads(self):
        return self.get_option('leading_separator') if self.has_option('leading_separator') else True
