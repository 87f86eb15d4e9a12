"""Variables of groups and hosts that say where they come from."""
import os

from ansible.inventory.group import Group
from ansible.inventory.host import Host
from ansible.plugins.vars import BaseVarsPlugin

DOCUMENTATION = """
    name: words
    short_description: words of groups and hosts
    description: words of groups and hosts
    options:
      stage:
        ini: [{key: stage, section: vars_words}]
        env: [{name: ANSIBLE_VARS_PLUGIN_STAGE}]
      word:
        description: a word
        default: plain
        env: [{name: WORDS_WORD}]
        ini: [{key: word, section: vars_words}]
    extends_documentation_fragment: [vars_plugin_staging]
"""


class VarsModule(BaseVarsPlugin):
    def get_vars(self, loader, path, entities, cache=True):
        super().get_vars(loader, path, entities)
        found = {}
        for entity in entities:
            kind = 'host' if isinstance(entity, Host) else 'group' if isinstance(entity, Group) else '?'
            found['%s_%s' % (kind, entity.name.replace('-', '_'))] = self.get_option('word')
            found['last'] = kind
            found['beside'] = os.path.basename(self._basedir) == os.path.basename(path)
            for file in loader.find_vars_files(os.path.join(self._basedir, 'secrets'), entity.name):
                found.update(loader.load_from_file(file))
        return found
