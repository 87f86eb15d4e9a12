"""Python 3 under the names content for both Pythons uses."""
import builtins
import io
import operator
import sys
import types

PY2, PY3 = False, True
PY34 = True
string_types, integer_types, class_types = (str,), (int,), (type,)
text_type, binary_type = str, bytes
MAXSIZE = sys.maxsize
StringIO, BytesIO = io.StringIO, io.BytesIO
unichr, int2byte = chr, operator.methodcaller('to_bytes', 1, 'big')
next = builtins.next
iterbytes, callable = iter, builtins.callable


def iterkeys(d, **kwargs):
    return iter(d.keys(**kwargs))


def itervalues(d, **kwargs):
    return iter(d.values(**kwargs))


def iteritems(d, **kwargs):
    return iter(d.items(**kwargs))


def ensure_str(s, encoding='utf-8', errors='strict'):
    return s.decode(encoding, errors) if isinstance(s, bytes) else s


ensure_text = ensure_str


def ensure_binary(s, encoding='utf-8', errors='strict'):
    return s.encode(encoding, errors) if isinstance(s, str) else s


def b(s):
    return s.encode('latin-1')


def u(s):
    return s


def raise_from(value, from_value):
    raise value from from_value


def reraise(tp, value, tb=None):
    raise (tp() if value is None else value).with_traceback(tb)


def with_metaclass(meta, *bases):
    return types.new_class('temporary_class', bases, {'metaclass': meta})


def add_metaclass(metaclass):
    def wrapper(cls):
        members = {k: v for k, v in cls.__dict__.items() if k not in ('__dict__', '__weakref__')}
        return metaclass(cls.__name__, cls.__bases__, members)
    return wrapper


def python_2_unicode_compatible(cls):
    return cls
