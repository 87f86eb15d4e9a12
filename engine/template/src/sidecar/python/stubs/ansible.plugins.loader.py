"""Other lookups, filters and tests by name."""
from kapell_host import ENGINE
from ansible.kapell_surroundings import BuiltinLookup


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


lookup_loader = Lookups()
filter_loader = Filters()
