"""Runs sources of variables."""
from kapell_host import ENGINE, PLUGINS, encode
from ansible.inventory.data import Group, Host
from ansible.kapell_surroundings import Loader

LOADED = []


def load(request):
    """Those that take part: all but those that have to be named by the settings and are not."""
    for about in request['plugins']:
        try:
            module = PLUGINS.module(about['file'], 'vars', about.get('package'))
            kind = module.VarsModule
            needs = getattr(kind, 'REQUIRES_ENABLED', getattr(kind, 'REQUIRES_WHITELIST', False))
            if needs and not about['enabled'] or any(type(plugin) is kind for plugin in LOADED):
                continue
            plugin = kind()
            plugin._load_name = plugin.ansible_name = about['name']
            if hasattr(plugin, 'set_options'):
                plugin.set_options()
        except Exception as error:
            ENGINE.ask('notice', level='warning', text="Skipping plugin (%s), cannot load: %s" % (about['file'], error))
            continue
        LOADED.append(plugin)


def read(request):
    """What all plugins bring for one group or host at a path, later ones over earlier ones."""
    is_host = request['kind'] == 'host'
    entity = (Host if is_host else Group)(request['name'])
    found = {}
    for plugin in LOADED:
        if plugin.has_option('stage') and plugin.get_option('stage') == 'none':
            continue
        found.update(vars_of(plugin, request['path'], entity, is_host) or {})
    return encode(found)


def vars_of(plugin, path, entity, is_host):
    try:
        return plugin.get_vars(Loader(), path, [entity])
    except AttributeError:
        old = getattr(plugin, 'get_host_vars' if is_host else 'get_group_vars', None)
        if old is None:
            raise
        return old(entity.name)
