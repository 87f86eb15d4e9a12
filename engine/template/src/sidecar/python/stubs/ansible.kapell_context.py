"""What filters and tests get that want Jinja's context, environment or evaluation context before their value."""
import jinja2
from kapell_host import ENGINE

from ansible.kapell_surroundings import Variables


class Functions(dict):
    """Filters or tests by name: those of the environment, and all the engine has."""

    def __init__(self, kind, known):
        super().__init__(known)
        self._kind = kind

    def __missing__(self, name):
        if not ENGINE.ask('has_' + self._kind, name=name):
            raise KeyError(name)
        ask = getattr(ENGINE, self._kind)
        self[name] = lambda *args, **kwargs: ask(name, *args, **kwargs)
        return self[name]

    def __contains__(self, name):
        return super().__contains__(name) or bool(ENGINE.ask('has_' + self._kind, name=name))

    def get(self, name, default=None):
        return self[name] if name in self else default


def make_environment():
    environment = jinja2.Environment()
    environment.filters = Functions('filter', getattr(environment, 'filters', {}))
    environment.tests = Functions('test', getattr(environment, 'tests', {}))
    return environment


ENVIRONMENT = make_environment()


def make_context():
    """The variables of the template that is rendered, fetched when they are looked at."""
    if hasattr(ENVIRONMENT, 'from_string'):
        return ENVIRONMENT.from_string('').new_context(Variables(), shared=True)
    from jinja2.runtime import Context
    return Context(ENVIRONMENT, Variables())


def passed(what):
    if what == 'context':
        return make_context()
    if what == 'eval_context':
        from jinja2.nodes import EvalContext
        return EvalContext(ENVIRONMENT)
    return ENVIRONMENT
