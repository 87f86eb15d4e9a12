"""The base of every plugin, with its documented options."""
from ansible.kapell_options import Options

__path__ = []


class AnsiblePlugin:
    allow_extras = False
    _load_name = None
    ansible_name = None
    plugin_type = None

    def _kapell_options(self):
        options = self.__dict__.get('_options_of_plugin')
        if options is None:
            options = self.__dict__['_options_of_plugin'] = Options.of(self)
        return options

    def set_options(self, task_keys=None, var_options=None, direct=None):
        self._kapell_options().set_all(direct or {}, var_options or {})

    def set_option(self, option, value):
        self._kapell_options().set(option, value)

    def get_option(self, option, hostvars=None):
        return self._kapell_options().get(option, hostvars)[0]

    def get_option_and_origin(self, option, hostvars=None):
        return self._kapell_options().get(option, hostvars)

    def get_options(self, hostvars=None):
        return self._kapell_options().all(hostvars)

    def has_option(self, option):
        return self._kapell_options().has(option)


class AnsibleJinja2Plugin(AnsiblePlugin):
    def __init__(self, function):
        self._function = function

    @property
    def j2_function(self):
        return self._function

    def __call__(self, *args, **kwargs):
        return self._function(*args, **kwargs)
