"""The base of sources of variables."""
import os

from ansible.plugins import AnsiblePlugin
from ansible.utils.display import Display


class BaseVarsPlugin(AnsiblePlugin):
    """What a plugin brings counts beside `path`, for groups and hosts."""
    REQUIRES_ENABLED = False
    is_stateless = False

    def __init__(self):
        super().__init__()
        self._display = Display()
        self._basedir = None

    def get_vars(self, loader, path, entities, cache=True):
        self._basedir = path if os.path.isdir(path) else os.path.dirname(path)
