"""Other plugins by name."""
import importlib

from kapell_host import ENGINE, PLUGINS
from ansible.kapell_surroundings import BuiltinLookup


class Found:
    """Where a plugin is."""

    def __init__(self, name, path):
        self.resolved = path is not None
        self.plugin_resolved_path = path
        self.plugin_resolved_name = self.resolved_fqcn = name
        self.redirect_list = [name]


class Lookups:
    def get(self, name, *_args, **_kwargs):
        return BuiltinLookup(name) if ENGINE.ask('has_lookup', name=name) else None

    def has_plugin(self, name, *_args, **_kwargs):
        return bool(ENGINE.ask('has_lookup', name=name))

    __contains__ = has_plugin


class Filters:
    def get(self, name, *_args, **_kwargs):
        from ansible.plugins import AnsibleJinja2Plugin
        return AnsibleJinja2Plugin(lambda *args, **kwargs: ENGINE.filter(name, *args, **kwargs))


class Files:
    """Plugins of one kind by the engine's search path."""

    def __init__(self, kind, class_name):
        self.kind, self.class_name = kind, class_name

    def find_plugin(self, name, mod_type='', ignore_deprecated=False, check_aliases=False, collection_list=None):
        found = ENGINE.ask('find_plugin', kind=self.kind, name=str(name), collections=collection_list or [])
        return found.get('file') or found.get('native') if found else None

    def find_plugin_with_context(self, name, *_args, collection_list=None, **_kwargs):
        found = ENGINE.ask('find_plugin', kind=self.kind, name=str(name), collections=collection_list or [])
        return Found((found or {}).get('name'), (found or {}).get('file') or (found or {}).get('native'))

    def has_plugin(self, name, collection_list=None):
        return bool(ENGINE.ask('find_plugin', kind=self.kind, name=str(name), collections=collection_list or []))

    __contains__ = has_plugin

    def get(self, name, *args, class_only=False, collection_list=None, **kwargs):
        found = ENGINE.ask('find_plugin', kind=self.kind, name=str(name), collections=collection_list or [])
        if not found:
            return None
        if found.get('file'):
            module = PLUGINS.module(found['file'], self.kind, found.get('package'))
        else:
            try:
                module = importlib.import_module('ansible.plugins.%s.%s' % (self.kind, found['native']))
            except ModuleNotFoundError:
                return None
        kind = getattr(module, self.class_name)
        if class_only:
            return kind
        plugin = kind(*args, **kwargs)
        plugin._load_name = plugin.ansible_name = found.get('name') or name
        return plugin

    def get_with_context(self, name, *args, **kwargs):
        class Context:
            object = self.get(name, *args, **kwargs)
            plugin_load_context = self.find_plugin_with_context(name)
        return Context


lookup_loader = Lookups()
filter_loader = Filters()
action_loader = Files('action', 'ActionModule')
connection_loader = Files('connection', 'Connection')
module_loader = Files('module', 'AnsibleModule')
cache_loader = Files('cache', 'CacheModule')
inventory_loader = Files('inventory', 'InventoryModule')
callback_loader = Files('callback', 'CallbackModule')


class SHARED:
    """What actions get as `shared_loader_obj`."""
    action_loader = action_loader
    connection_loader = connection_loader
    filter_loader = filter_loader
    lookup_loader = lookup_loader
    module_loader = module_loader


def get_shell_plugin(shell_type=None, executable=None):
    from ansible.plugins.shell.sh import ShellModule
    return ShellModule()


def add_all_plugin_dirs(path):
    pass
