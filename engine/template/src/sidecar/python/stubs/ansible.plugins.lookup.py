"""The base of lookups."""
from ansible.errors import AnsibleError
from ansible.kapell_surroundings import find_file
from ansible.plugins import AnsiblePlugin

__all__ = ['LookupBase']


class LookupBase(AnsiblePlugin):
    accept_args_markers = False
    accept_lazy_markers = False

    def __init__(self, loader=None, templar=None, **kwargs):
        self._loader = loader
        self._templar = templar

    def run(self, terms, variables=None, **kwargs):
        raise NotImplementedError

    def get_basedir(self, variables):
        if 'role_path' in variables:
            return variables['role_path']
        return self._loader.get_basedir()

    def find_file_in_search_path(self, myvars, subdir, needle, ignore_missing=False):
        return find_file(subdir, needle)

    @staticmethod
    def _flatten(terms):
        flat = []
        for term in terms:
            flat.extend(term if isinstance(term, (list, tuple)) else [term])
        return flat

    @staticmethod
    def _combine(first, second):
        return [LookupBase._flatten([one, other]) for one in first for other in second]

    @staticmethod
    def _flatten_hash_to_list(terms):
        return [{'key': key, 'value': terms[key]} for key in terms]
