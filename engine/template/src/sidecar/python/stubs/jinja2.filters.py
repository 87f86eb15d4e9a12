"""`do_map` and its like, done by the engine."""
from jinja2 import pass_context, pass_environment, pass_eval_context


def __getattr__(name):
    if not name.startswith('do_'):
        raise AttributeError(name)
    from kapell_host import ENGINE
    takes_environment = name[3:] in ('dictsort', 'first', 'groupby', 'join', 'map', 'max', 'min', 'sort', 'sum', 'unique')

    def function(*args, **kwargs):
        if args and type(args[0]).__name__ == 'Environment' or takes_environment and args and args[0] is None:
            args = args[1:]
        return ENGINE.filter(name[3:], *args, **kwargs)

    return function
