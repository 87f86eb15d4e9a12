"""Filters of the engine as Python functions."""
from kapell_host import ENGINE


def __getattr__(name):
    if name.startswith('__'):
        raise AttributeError(name)

    def function(*args, **kwargs):
        return ENGINE.filter(name, *args, **kwargs)

    function.__name__ = name
    return function


class Filters(dict):
    def __missing__(self, name):
        return __getattr__(name)


class FilterModule:
    def filters(self):
        return Filters()
