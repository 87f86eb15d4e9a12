"""The little of Jinja2 that plugins import, for control nodes without it."""
from jinja2.runtime import StrictUndefined, Undefined
from jinja2.exceptions import TemplateError, UndefinedError

__path__ = []
__version__ = '3.1.0'


def _passes(what):
    def mark(function):
        function.jinja_pass_arg = what
        return function
    return mark


pass_context = _passes('context')
pass_environment = _passes('environment')
pass_eval_context = _passes('eval_context')


class Environment:
    def __init__(self, *_args, **_kwargs):
        from ansible.kapell_context import Functions
        self.filters, self.tests = Functions('filter', {}), Functions('test', {})

    def call_test(self, name, value, args=None, kwargs=None, **_more):
        return self.tests[name](value, *(args or ()), **(kwargs or {}))

    def call_filter(self, name, value, args=None, kwargs=None, **_more):
        return self.filters[name](value, *(args or ()), **(kwargs or {}))

    def undefined(self, hint=None, obj=None, name=None):
        return StrictUndefined(hint, obj, name)

    def getitem(self, obj, argument):
        try:
            return obj[argument]
        except (TypeError, LookupError, AttributeError):
            return getattr(obj, str(argument), self.undefined(name=argument))

    def getattr(self, obj, attribute):
        return getattr(obj, attribute, None) or self.getitem(obj, attribute)
