"""Checks of arguments: of one value's type, and of which go together."""
import ast
import json
import os
import re

from ansible.module_utils.common.collections import is_iterable
from ansible.module_utils.common.text.converters import jsonify, to_native
from ansible.module_utils.common.text.formatters import human_to_bytes
from ansible.module_utils.parsing.convert_bool import boolean


def _is_given(parameters, name):
    return parameters.get(name) is not None


def _place(options_context):
    return ' found in %s' % ' -> '.join(options_context) if options_context else ''


def count_terms(terms, parameters):
    if not is_iterable(terms):
        terms = [terms]
    return len(set(terms).intersection(parameters))


def _given(terms, parameters):
    return [term for term in terms if _is_given(parameters, term)]


def safe_eval(value, locals=None, include_exceptions=False):
    result, error = value, None
    if isinstance(value, str):
        try:
            result = ast.literal_eval(value)
        except Exception as exc:
            error = exc
    return (result, error) if include_exceptions else result


def check_mutually_exclusive(terms, parameters, options_context=None):
    groups = terms or []
    if groups and isinstance(groups[0], str):
        groups = [groups]
    results = [group for group in groups if len(_given(group, parameters)) > 1]
    if results:
        shown = ', '.join('|'.join(group) for group in results)
        raise TypeError(to_native('parameters are mutually exclusive: %s%s' % (shown, _place(options_context))))
    return results


def check_required_one_of(terms, parameters, options_context=None):
    results = [group for group in terms or [] if not _given(group, parameters)]
    for group in results:
        raise TypeError(to_native('one of the following is required: %s%s'
                                  % (', '.join(group), _place(options_context))))
    return results


def check_required_together(terms, parameters, options_context=None):
    results = [group for group in terms or [] if 0 < len(_given(group, parameters)) < len(group)]
    for group in results:
        raise TypeError(to_native('parameters are required together: %s%s'
                                  % (', '.join(group), _place(options_context))))
    return results


def check_required_by(requirements, parameters, options_context=None):
    result = {}
    for key, value in (requirements or {}).items():
        if not _is_given(parameters, key):
            continue
        needed = [value] if isinstance(value, str) else value
        missing = [name for name in needed if not _is_given(parameters, name)]
        if missing:
            result[key] = missing
    for key, missing in result.items():
        raise TypeError("missing parameter(s) required by '%s': %s%s"
                        % (key, ', '.join(missing), _place(options_context)))
    return result


def check_required_arguments(argument_spec, parameters, options_context=None):
    missing = [name for name, spec in (argument_spec or {}).items()
               if spec.get('required', False) and name not in parameters]
    if missing:
        raise TypeError(to_native('missing required arguments: %s%s'
                                  % (', '.join(sorted(missing)), _place(options_context))))
    return missing


def check_required_if(requirements, parameters, options_context=None):
    results = []
    for requirement in requirements or []:
        key, value, needed = requirement[:3]
        any_of = bool(requirement[3]) if len(requirement) > 3 else False
        if key not in parameters or parameters[key] != value:
            continue
        missing = [name for name in needed if not _is_given(parameters, name)]
        if (any_of and len(missing) < len(needed)) or not missing:
            continue
        results.append({'parameter': key, 'value': value, 'requirements': tuple(needed), 'missing': missing,
                        'requires': 'any' if any_of else 'all'})
    for found in results:
        raise TypeError(to_native('%s is %s but %s of the following are missing: %s%s' % (
            found['parameter'], found['value'], found['requires'], ', '.join(found['missing']),
            _place(options_context))))
    return results


def check_missing_parameters(parameters, required_parameters=None):
    missing = [name for name in required_parameters or [] if not parameters.get(name)]
    if missing:
        raise TypeError(to_native('missing required arguments: %s' % ', '.join(missing)))
    return missing


def check_type_str(value, allow_conversion=True, param=None, prefix=''):
    if isinstance(value, str):
        return value
    if allow_conversion and value is not None:
        return to_native(value, errors='surrogate_or_strict')
    raise TypeError(to_native("'{0!r}' is not a string and conversion is not allowed".format(value)))


def check_type_list(value):
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return value.split(',')
    if isinstance(value, (int, float)):
        return [str(value)]
    raise TypeError("'%s' cannot be converted to a list" % type(value))


_PAIR = re.compile(r'''((?:[^\s,"']|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')+)''')


def check_type_dict(value):
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        if value.startswith('{'):
            for read in (json.loads, ast.literal_eval):
                try:
                    result = read(value)
                except Exception:
                    continue
                if isinstance(result, dict):
                    return result
            raise TypeError('unable to evaluate string as dictionary')
        if '=' in value:
            pairs = {}
            for field in _PAIR.findall(value):
                key, mark, text = field.partition('=')
                if not mark:
                    raise TypeError('unable to evaluate string in the "key=value" format as dictionary')
                if len(text) > 1 and text[0] == text[-1] and text[0] in '"\'':
                    text = text[1:-1]
                pairs[key] = text
            return pairs
        raise TypeError('dictionary requested, could not parse JSON or key=value')
    raise TypeError("'%s' cannot be converted to a dict" % type(value))


def check_type_bool(value):
    if isinstance(value, bool):
        return value
    if isinstance(value, (str, int, float)):
        return boolean(value)
    raise TypeError("'%s' cannot be converted to a bool" % type(value))


def check_type_int(value):
    if not isinstance(value, int) or isinstance(value, bool):
        try:
            number = float(value) if isinstance(value, float) else int(str(value).strip())
        except (TypeError, ValueError):
            try:
                number = float(value)
            except (TypeError, ValueError):
                number = 0.5
        if isinstance(value, bool):
            return int(value)
        if number != int(number):
            raise TypeError("\"%r\" cannot be converted to an int" % (value,))
        return int(number)
    return value


def check_type_float(value):
    if not isinstance(value, float):
        try:
            return float(value)
        except (TypeError, ValueError):
            raise TypeError("'%s' cannot be converted to a float" % type(value)) from None
    return value


def check_type_path(value):
    return os.path.expanduser(os.path.expandvars(check_type_str(value)))


def check_type_raw(value):
    return value


def check_type_bytes(value):
    try:
        return human_to_bytes(value)
    except ValueError:
        raise TypeError("'%s' cannot be converted to a Byte value" % type(value)) from None


def check_type_bits(value):
    try:
        return human_to_bytes(value, isbits=True)
    except ValueError:
        raise TypeError("'%s' cannot be converted to a Bit value" % type(value)) from None


def check_type_jsonarg(value):
    if isinstance(value, (str, bytes)):
        return to_native(value).strip()
    if isinstance(value, (list, tuple, dict)):
        return jsonify(value)
    raise TypeError("'%s' cannot be converted to a json string" % type(value))
