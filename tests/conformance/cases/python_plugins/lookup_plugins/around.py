from __future__ import annotations

from ansible.plugins.lookup import LookupBase
from ansible.plugins.loader import lookup_loader


class LookupModule(LookupBase):
    """What a lookup sees around it: variables, files, other lookups, templates."""

    def run(self, terms, variables=None, **kwargs):
        found = self.find_file_in_search_path(variables, 'files', 'note.txt')
        with open(found) as note:
            text = note.read().strip()
        other = lookup_loader.get('file', loader=self._loader, templar=self._templar)
        return [
            variables['colour'],
            variables.get('no_such', 'fallback'),
            'inventory_hostname' in variables,
            text,
            other.run(['note.txt'], variables=variables),
            self._flatten([1, [2, [3]]]),
        ]
