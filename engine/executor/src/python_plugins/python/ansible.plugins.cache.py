"""The base of cache plugins, and the caches that are always there."""
import json
import os
import time
from collections.abc import MutableMapping

from kapell_host import Trusted

from ansible.plugins import AnsiblePlugin
from ansible.plugins.loader import cache_loader
from ansible.utils.display import Display

display = Display()


class BaseCacheModule(AnsiblePlugin):
    _display = display

    def __init__(self, *args, **kwargs):
        super().__init__()
        if not hasattr(self, '_load_name') or self._load_name is None:
            self._load_name = type(self).__module__.rsplit('.', maxsplit=1)[-1]
        self.set_options(var_options=args[0] if args and isinstance(args[0], dict) else None, direct=kwargs)

    def get(self, key):
        raise NotImplementedError

    def set(self, key, value):
        raise NotImplementedError

    def keys(self):
        raise NotImplementedError

    def contains(self, key):
        raise NotImplementedError

    def delete(self, key):
        raise NotImplementedError

    def flush(self):
        raise NotImplementedError


class BaseFileCacheModule(BaseCacheModule):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._cache = {}
        self._cache_dir = os.path.expanduser(self.get_option('_uri') or '')
        self._prefix, self._timeout = self.get_option('_prefix') or '', float(self.get_option('_timeout') or 0)
        os.makedirs(self._cache_dir, exist_ok=True)

    def _get_cache_file_name(self, key):
        return os.path.join(self._cache_dir, '%s%s' % (self._prefix, key))

    def has_expired(self, key):
        try:
            age = time.time() - os.path.getmtime(self._get_cache_file_name(key))
        except OSError:
            return False
        return self._timeout > 0 and age > self._timeout

    def get(self, key):
        if key not in self._cache:
            if self.has_expired(key) or not os.path.exists(self._get_cache_file_name(key)):
                raise KeyError(key)
            self._cache[key] = self._load(self._get_cache_file_name(key))
        return self._cache[key]

    def set(self, key, value):
        self._cache[key] = value
        self._dump(value, self._get_cache_file_name(key))

    def keys(self):
        names = (name[len(self._prefix):] for name in os.listdir(self._cache_dir) if name.startswith(self._prefix))
        return [name for name in names if not self.has_expired(name)]

    def contains(self, key):
        return key in self._cache or os.path.exists(self._get_cache_file_name(key)) and not self.has_expired(key)

    def delete(self, key):
        self._cache.pop(key, None)
        try:
            os.remove(self._get_cache_file_name(key))
        except OSError:
            pass

    def flush(self):
        for key in list(self.keys()):
            self.delete(key)

    def _load(self, filepath):
        raise NotImplementedError

    def _dump(self, value, filepath):
        raise NotImplementedError


OPTIONS = {'_uri': {'type': 'path'}, '_prefix': {'type': 'string', 'default': ''},
           '_timeout': {'type': 'integer', 'default': 86400}}


class JsonFiles(BaseFileCacheModule):
    kapell_definitions = OPTIONS

    def _load(self, filepath):
        with open(filepath) as file:
            return json.load(file)

    def _dump(self, value, filepath):
        with open(filepath, 'w') as file:
            json.dump(value, file, sort_keys=True, indent=4)


class Memory(BaseCacheModule):
    kapell_definitions = OPTIONS

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._cache = {}

    def get(self, key):
        return self._cache[key]

    def set(self, key, value):
        self._cache[key] = value

    def keys(self):
        return self._cache.keys()

    def contains(self, key):
        return key in self._cache

    def delete(self, key):
        del self._cache[key]

    def flush(self):
        self._cache = {}


def cache_of(name, options):
    """The cache plugin `name` with those of `options` it knows."""
    own = {'memory': Memory, 'jsonfile': JsonFiles}.get(name.removeprefix('ansible.builtin.'))
    given = {option: value for option, value in options.items() if value is not None}
    plugin = (own or cache_loader.get(name, class_only=True))
    if plugin is None:
        from ansible.errors import AnsibleError
        raise AnsibleError("Unable to load the cache plugin (%s)." % name)
    made = plugin(**given)
    made._load_name = name
    if own:
        return made
    if given and '_options_of_plugin' not in made.__dict__:
        from ansible.errors import AnsibleError
        raise AnsibleError('Unable to use cache plugin %s for inventory. Cache options were provided but may not reconcile '
                           'correctly unless set via set_options. Refer to the porting guide if the plugin derives user '
                           'settings from ansible.constants.' % name)
    return made


class Payloads:
    """A cache plugin of somebody else, which keeps JSON texts and never sees what is in them."""

    def __init__(self, plugin):
        self._plugin = plugin

    def __getattr__(self, name):
        return getattr(self._plugin, name)

    def get(self, key):
        kept = self._plugin.get('s1_%s' % key)
        try:
            return untagged(json.loads(kept['__payload__']))
        except (KeyError, TypeError, ValueError):
            raise KeyError(key) from None

    def set(self, key, value):
        self._plugin.set('s1_%s' % key, {'__payload__': json.dumps(tagged(value))})

    def keys(self):
        return [key[3:] for key in self._plugin.keys() if key.startswith('s1_')]

    def contains(self, key):
        return self._plugin.contains('s1_%s' % key)

    def delete(self, key):
        self._plugin.delete('s1_%s' % key)


def tagged(value):
    """With a mark at what is a template."""
    if isinstance(value, dict):
        return {key: tagged(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [tagged(item) for item in value]
    if isinstance(value, Trusted):
        return {'value': str(value), 'tags': [{'__ansible_type': 'TrustedAsTemplate'}],
                '__ansible_type': '_AnsibleTaggedStr'}
    return value


def untagged(value):
    if isinstance(value, list):
        return [untagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    if '__ansible_type' not in value or 'value' not in value:
        return {key: untagged(item) for key, item in value.items()}
    inner = untagged(value['value'])
    kinds = [tag.get('__ansible_type') for tag in value.get('tags') or []]
    return Trusted(inner) if isinstance(inner, str) and 'TrustedAsTemplate' in kinds else inner


class CachePluginAdjudicator(MutableMapping):
    """A dictionary over a cache plugin; what changed is written at the end."""

    def __init__(self, plugin_name='memory', **kwargs):
        plugin = cache_of(plugin_name, kwargs) if isinstance(plugin_name, str) else plugin_name
        self._plugin = plugin if isinstance(plugin, (Memory, JsonFiles)) else Payloads(plugin)
        self._plugin_name = plugin_name if isinstance(plugin_name, str) else plugin_name._load_name
        self._cache, self._retrieved = {}, {}

    def update_cache_if_changed(self):
        if self._retrieved != self._cache:
            self.set_cache()

    def set_cache(self):
        for key, value in self._cache.items():
            self._plugin.set(key, value)
        self._retrieved = dict(self._cache)

    def load_whole_cache(self):
        for key in self._plugin.keys():
            self._cache[key] = self._plugin.get(key)

    def __getitem__(self, key):
        if key not in self._cache:
            if not self._plugin.contains(key):
                raise KeyError(key)
            self._cache[key] = self._retrieved[key] = self._plugin.get(key)
        return self._cache[key]

    def __setitem__(self, key, value):
        self._cache[key] = value

    def __delitem__(self, key):
        del self._cache[key]

    def __contains__(self, key):
        return key in self._cache or self._plugin.contains(key)

    def __iter__(self):
        return iter({*self._cache, *self._plugin.keys()})

    def __len__(self):
        return len({*self._cache, *self._plugin.keys()})

    def flush(self):
        self._plugin.flush()
        self._cache, self._retrieved = {}, {}


FactCache = CachePluginAdjudicator
