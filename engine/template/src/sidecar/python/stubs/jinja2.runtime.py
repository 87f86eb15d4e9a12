from jinja2.exceptions import UndefinedError


class Undefined:
    def __init__(self, hint=None, obj=None, name=None, exc=UndefinedError):
        self._undefined_hint, self._undefined_obj, self._undefined_name = hint, obj, name

    def _fail(self, *_args, **_kwargs):
        raise UndefinedError(self._undefined_hint or '%r is undefined' % self._undefined_name)

    __str__ = __iter__ = __len__ = __eq__ = __bool__ = __getitem__ = __call__ = _fail
    __hash__ = object.__hash__


class StrictUndefined(Undefined):
    pass


class Context:
    """The variables of a template."""

    def __init__(self, environment, parent, name=None, blocks=None, globals=None):
        from jinja2.nodes import EvalContext
        self.environment, self.parent, self.name = environment, parent, name
        self.vars, self.exported_vars, self.blocks = {}, set(), blocks or {}
        self.eval_ctx = EvalContext(environment, name)

    def resolve(self, key):
        return self[key] if key in self else self.environment.undefined(name=key)

    def get(self, key, default=None):
        return self[key] if key in self else default

    def get_all(self):
        return {**dict(self.parent), **self.vars}

    def get_exported(self):
        return {}

    def call(self, function, *args, **kwargs):
        return function(*args, **kwargs)

    def keys(self):
        return self.get_all().keys()

    def values(self):
        return self.get_all().values()

    def items(self):
        return self.get_all().items()

    def __contains__(self, key):
        return key in self.vars or key in self.parent

    def __getitem__(self, key):
        return self.vars[key] if key in self.vars else self.parent[key]
