"""Text and bytes."""
import datetime
import json
from collections.abc import Mapping, Set

_COMPOSED = {None, 'surrogate_or_replace', 'surrogate_or_strict', 'surrogate_then_replace'}


def to_bytes(obj, encoding='utf-8', errors=None, nonstring='simplerepr'):
    if isinstance(obj, bytes):
        return obj
    if isinstance(obj, str):
        if errors in (None, 'surrogate_or_replace', 'surrogate_then_replace', 'surrogate_or_strict'):
            try:
                return obj.encode(encoding, 'surrogateescape')
            except UnicodeEncodeError:
                if errors in ('surrogate_or_strict',):
                    raise
                return obj.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace').encode(encoding, 'replace')
        return obj.encode(encoding, errors)
    return _other(obj, nonstring, lambda text: to_bytes(text, encoding, errors), b'')


def to_text(obj, encoding='utf-8', errors=None, nonstring='simplerepr'):
    if isinstance(obj, str):
        return obj
    if isinstance(obj, bytes):
        return obj.decode(encoding, 'surrogateescape' if errors in _COMPOSED else errors)
    return _other(obj, nonstring, str, '')


def _other(obj, nonstring, make, empty):
    if nonstring == 'simplerepr':
        return make(str(obj))
    if nonstring == 'passthru':
        return obj
    if nonstring == 'empty':
        return empty
    if nonstring == 'strict':
        raise TypeError('obj must be a string type')
    raise TypeError('Invalid value %s for nonstring parameter' % nonstring)


to_native = to_text


def _default(value):
    if isinstance(value, (Set, tuple)):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, bytes):
        return to_text(value)
    raise TypeError('Cannot json serialize %s' % value)


def jsonify(data, **kwargs):
    return json.dumps(data, default=_default, **kwargs)


def container_to_bytes(data, encoding='utf-8', errors='surrogate_or_strict'):
    return _convert(data, str, lambda value: to_bytes(value, encoding, errors))


def container_to_text(data, encoding='utf-8', errors='surrogate_or_strict'):
    return _convert(data, bytes, lambda value: to_text(value, encoding, errors))


def _convert(data, kind, convert):
    if isinstance(data, kind):
        return convert(data)
    if isinstance(data, dict):
        return {_convert(key, kind, convert): _convert(value, kind, convert) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(_convert(value, kind, convert) for value in data)
    return data
