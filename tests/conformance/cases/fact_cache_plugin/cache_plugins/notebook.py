"""A cache of facts that keeps a file for each key."""
import json
import os

from ansible.plugins.cache import BaseCacheModule

DOCUMENTATION = """
    name: notebook
    short_description: files with facts
    options:
      _uri:
        description: the directory
        required: true
        type: path
        env: [{name: ANSIBLE_CACHE_PLUGIN_CONNECTION}]
        ini: [{section: defaults, key: fact_caching_connection}]
      _prefix:
        description: what names start with
        default: note_
        type: string
"""


class CacheModule(BaseCacheModule):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._directory = self.get_option('_uri')
        os.makedirs(self._directory, exist_ok=True)

    def _path(self, key):
        return os.path.join(self._directory, self.get_option('_prefix') + key)

    def get(self, key):
        try:
            with open(self._path(key)) as file:
                return json.load(file)
        except FileNotFoundError:
            raise KeyError(key)

    def set(self, key, value):
        with open(self._path(key), 'w') as file:
            json.dump({'__payload__': value['__payload__']}, file)

    def keys(self):
        start = len(self.get_option('_prefix'))
        return [name[start:] for name in os.listdir(self._directory)]

    def contains(self, key):
        return os.path.exists(self._path(key))

    def delete(self, key):
        if self.contains(key):
            os.remove(self._path(key))

    def flush(self):
        for key in self.keys():
            self.delete(key)
