"""Between bytes and text."""
import codecs
import datetime
import json

_SURROGATES = {None: 'surrogateescape', 'surrogate_or_replace': 'surrogateescape',
               'surrogate_or_strict': 'surrogateescape', 'surrogate_then_replace': 'surrogateescape'}


def _other(obj, nonstring, asked_by):
    """What stands for an object that is no string; None when the object itself is wanted."""
    if nonstring == 'simplerepr':
        try:
            return str(obj)
        except UnicodeError:
            return repr(obj)
    if nonstring == 'passthru':
        return None
    if nonstring == 'empty':
        return ''
    if nonstring == 'strict':
        raise TypeError('obj must be a string type')
    raise TypeError("Invalid value %s for %s nonstring parameter" % (nonstring, asked_by))


def to_bytes(obj, encoding='utf-8', errors=None, nonstring='simplerepr'):
    if isinstance(obj, bytes):
        return obj
    if not isinstance(obj, str):
        text = _other(obj, nonstring, "to_bytes'")
        return obj if text is None else to_bytes(text, encoding, errors)
    try:
        return obj.encode(encoding, _SURROGATES.get(errors, errors))
    except UnicodeEncodeError:
        if errors in (None, 'surrogate_then_replace'):
            return obj.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace').encode(encoding, 'replace')
        raise


def to_text(obj, encoding='utf-8', errors=None, nonstring='simplerepr'):
    if isinstance(obj, str):
        return obj
    if isinstance(obj, bytes):
        return obj.decode(encoding, _SURROGATES.get(errors, errors))
    text = _other(obj, nonstring, "to_text's")
    return obj if text is None else text


to_native = to_text


def _json_default(value):
    if isinstance(value, (set, frozenset)):
        return list(value)
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return to_text(value)
    if hasattr(value, 'items'):
        return dict(value.items())
    raise TypeError("Cannot json serialize %s" % to_native(value))


def jsonify(data, **kwargs):
    return json.dumps(container_to_text(data), default=_json_default, **kwargs)


def _convert(value, convert):
    if isinstance(value, (str, bytes)):
        return convert(value)
    if isinstance(value, dict):
        return {_convert(key, convert): _convert(item, convert) for key, item in value.items()}
    if isinstance(value, list):
        return [_convert(item, convert) for item in value]
    if isinstance(value, tuple):
        return tuple(_convert(item, convert) for item in value)
    return value


def container_to_bytes(d, encoding='utf-8', errors='surrogate_or_strict'):
    return _convert(d, lambda value: to_bytes(value, encoding, errors))


def container_to_text(d, encoding='utf-8', errors='surrogate_or_strict'):
    return _convert(d, lambda value: to_text(value, encoding, errors))
