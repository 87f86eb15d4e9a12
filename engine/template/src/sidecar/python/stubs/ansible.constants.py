"""Settings, by their names in `ansible-config`."""
from kapell_host import ENGINE

BOOL_TRUE = BOOLEANS_TRUE = frozenset(('y', 'yes', 'on', '1', 'true', 't', 1, 1.0, True))


def __getattr__(name):
    if name.startswith('__'):
        raise AttributeError(name)
    found = ENGINE.ask('setting', name=name)
    if not found:
        raise AttributeError(name)
    return found[0]


class Config:
    def get_config_value(self, config, *_args, **_kwargs):
        return __getattr__(config)

    def get_config_value_and_origin(self, config, *_args, **_kwargs):
        return __getattr__(config), 'default'


config = Config()
