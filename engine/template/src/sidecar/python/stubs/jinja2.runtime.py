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
