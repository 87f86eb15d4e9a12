"""Settings, by their names in `ansible-config`."""
from kapell_host import ENGINE

BOOL_TRUE = BOOLEANS_TRUE = frozenset(('y', 'yes', 'on', '1', 'true', 't', 1, 1.0, True))


# Parameters of the escape sequences.
COLOR_CODES = {
    'black': '0;30', 'bright gray': '0;37', 'blue': '0;34', 'white': '1;37', 'green': '0;32', 'bright blue': '1;34',
    'cyan': '0;36', 'bright green': '1;32', 'red': '0;31', 'bright cyan': '1;36', 'purple': '0;35',
    'bright red': '1;31', 'yellow': '0;33', 'bright purple': '1;35', 'dark gray': '1;30', 'bright yellow': '1;33',
    'magenta': '0;35', 'bright magenta': '1;35', 'normal': '0',
}


def __getattr__(name):
    if name.startswith('__'):
        raise AttributeError(name)
    if name.startswith('_ACTION_'):
        action = name[len('_ACTION_'):].lower()
        return tuple(prefix + action for prefix in ('', 'ansible.builtin.', 'ansible.legacy.'))
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
