"""What modules written for two Pythons still ask for, on the one that is left."""
import builtins
import io
import sys
import types
from collections.abc import MutableMapping  # noqa: F401

PY2 = False
PY3 = True
PY34 = True
MAXSIZE = sys.maxsize
string_types = (str,)
integer_types = (int,)
class_types = (type,)
text_type = str
binary_type = bytes
StringIO = io.StringIO
BytesIO = io.BytesIO
unichr = chr
int2byte = bytes((0,)).__class__
iterbytes = iter
exec_ = builtins.exec
print_ = print
next = builtins.next
advance_iterator = next
callable = builtins.callable
create_bound_method = types.MethodType


def b(s):
    return s.encode('latin-1')


def u(s):
    return s


def int2byte(i):
    return bytes((i,))


def byte2int(data):
    return data[0]


def indexbytes(data, i):
    return data[i]


def iterkeys(d, **kwargs):
    return iter(d.keys(**kwargs))


def itervalues(d, **kwargs):
    return iter(d.values(**kwargs))


def iteritems(d, **kwargs):
    return iter(d.items(**kwargs))


def viewkeys(d):
    return d.keys()


def viewvalues(d):
    return d.values()


def viewitems(d):
    return d.items()


def ensure_text(s, encoding='utf-8', errors='strict'):
    return s.decode(encoding, errors) if isinstance(s, bytes) else s


def ensure_binary(s, encoding='utf-8', errors='strict'):
    return s.encode(encoding, errors) if isinstance(s, str) else s


ensure_str = ensure_text


def reraise(tp, value, tb=None):
    if value is None:
        value = tp()
    raise value.with_traceback(tb)


def raise_from(value, from_value):
    raise value from from_value


def with_metaclass(meta, *bases):
    return meta('temporary_class', bases or (object,), {})


def add_metaclass(metaclass):
    def wrapper(cls):
        body = {key: value for key, value in cls.__dict__.items() if key not in ('__dict__', '__weakref__')}
        return metaclass(cls.__name__, cls.__bases__, body)
    return wrapper


def python_2_unicode_compatible(cls):
    return cls


class Iterator:
    def next(self):
        return type(self).__next__(self)
