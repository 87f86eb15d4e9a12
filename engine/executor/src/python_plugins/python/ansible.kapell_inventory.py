"""Runs inventory plugins."""
from kapell_host import PLUGINS, decode, encode
from ansible.inventory.data import InventoryData
from ansible.kapell_surroundings import Loader


def read(request):
    """What a plugin makes of a source, as programs print it; nothing for a source that is not for it."""
    module = PLUGINS.module(request['file'], 'inventory', request.get('package'))
    plugin = module.InventoryModule()
    plugin._load_name = plugin.ansible_name = request['name']
    plugin._redirected_names = [request['called']]
    if not plugin.verify_file(request['path']):
        return None
    inventory = InventoryData(decode(request['known']))
    inventory.current_source = request['path']
    plugin.parse(inventory, Loader(), request['path'], cache=request['cache'])
    if hasattr(plugin, 'update_cache_if_changed'):
        plugin.update_cache_if_changed()
    return encode(inventory.listing())
