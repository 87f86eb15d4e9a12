"""The arguments of a module against their specification: aliases, defaults, types, choices, nested options, secrets."""
import os
from collections.abc import KeysView, Mapping, Set

from ansible.module_utils.common.text.converters import to_native
from ansible.module_utils.common.validation import (
    check_mutually_exclusive, check_required_arguments, check_required_by, check_required_if, check_required_one_of,
    check_required_together, check_type_bits, check_type_bool, check_type_bytes, check_type_dict, check_type_float,
    check_type_int, check_type_jsonarg, check_type_list, check_type_path, check_type_raw, check_type_str,
)
from ansible.module_utils.errors import (
    AliasError, AnsibleFallbackNotFound, AnsibleValidationErrorMultiple, ArgumentTypeError, ArgumentValueError,
    ElementError, MutuallyExclusiveError, RequiredByError, RequiredError, RequiredIfError, RequiredOneOfError,
    RequiredTogetherError, SubParameterTypeError, UnsupportedError,
)

DEFAULT_TYPE_VALIDATORS = {
    'str': check_type_str, 'list': check_type_list, 'dict': check_type_dict, 'bool': check_type_bool,
    'int': check_type_int, 'float': check_type_float, 'path': check_type_path, 'raw': check_type_raw,
    'jsonarg': check_type_jsonarg, 'json': check_type_jsonarg, 'bytes': check_type_bytes, 'bits': check_type_bits,
}
PASS_VARS = {
    'check_mode': ('check_mode', False), 'debug': ('_debug', False), 'diff': ('_diff', False),
    'keep_remote_files': ('_keep_remote_files', False), 'ignore_unknown_opts': ('_ignore_unknown_opts', False),
    'module_name': ('_name', None), 'no_log': ('no_log', False), 'remote_tmp': ('_remote_tmp', None),
    'selinux_special_fs': ('_selinux_special_fs', ()), 'shell_executable': ('_shell', '/bin/sh'),
    'socket': ('_socket_path', None), 'string_conversion_action': ('_string_conversion_action', 'warn'),
    'syslog_facility': ('_syslog_facility', 'LOG_USER'), 'target_log_info': ('_target_log_info', None),
    'tmpdir': ('_tmpdir', None), 'tracebacks_for': ('_tracebacks_for', ()), 'verbosity': ('_verbosity', 0),
    'version': ('ansible_version', '0.0'),
}
PASS_BOOLS = ('check_mode', 'debug', 'diff', 'keep_remote_files', 'ignore_unknown_opts', 'no_log')
_SECRET = 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER'
_MASK = '********'


def env_fallback(*args, **kwargs):
    for name in args:
        if name in os.environ:
            return os.environ[name]
    raise AnsibleFallbackNotFound


def set_fallbacks(argument_spec, parameters):
    secrets = set()
    for name, spec in argument_spec.items():
        fallback = spec.get('fallback', (None,))
        if fallback[0] is None or name in parameters:
            continue
        args = [item for item in fallback[1:] if not isinstance(item, dict)]
        kwargs = next((item for item in fallback[1:] if isinstance(item, dict)), {})
        args = args[0] if args else []
        try:
            value = fallback[0](*args, **kwargs)
        except AnsibleFallbackNotFound:
            continue
        if spec.get('no_log', False) and value:
            secrets.add(value)
        parameters[name] = value
    return secrets


def _strings(value):
    """Every text in `value`, numbers as text."""
    if isinstance(value, (str, bytes)):
        text = to_native(value, errors='surrogate_or_strict')
        if text:
            yield text
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, (list, tuple, Set, KeysView)):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, (int, float)):
        yield str(value)


_return_datastructure_name = _strings


def _list_no_log_values(argument_spec, params):
    secrets = set()
    for name, spec in argument_spec.items():
        if spec.get('no_log', False) and params.get(name):
            secrets.update(_strings(params[name]))
        options, value = spec.get('options'), params.get(name)
        if options is None or value is None:
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                try:
                    item = check_type_dict(item)
                except TypeError:
                    continue
            if isinstance(item, Mapping):
                secrets.update(_list_no_log_values(options, item))
    return secrets


def remove_values(value, no_log_strings):
    """`value` with every secret in it masked."""
    secrets = sorted({to_native(text) for text in no_log_strings}, key=len, reverse=True)
    return _masked(value, secrets)


def _masked(value, secrets):
    if isinstance(value, (str, bytes)):
        text = to_native(value)
        if text in secrets:
            return _SECRET
        for secret in secrets:
            text = text.replace(secret, _MASK)
        return text if isinstance(value, str) else text.encode('utf-8', 'surrogateescape')
    if isinstance(value, Mapping):
        return {key: _masked(item, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple, Set)):
        return [_masked(item, secrets) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        text = str(value)
        if text in secrets or any(secret in text for secret in secrets):
            return _SECRET
    return value


def sanitize_keys(obj, no_log_strings, ignore_keys=frozenset()):
    secrets = sorted({to_native(text) for text in no_log_strings}, key=len, reverse=True)

    def clean(value):
        if isinstance(value, Mapping):
            return {key if key in ignore_keys or str(key).startswith('_ansible') else _masked(key, secrets): clean(item)
                    for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [clean(item) for item in value]
        return value

    return clean(obj)


def handle_aliases(argument_spec, parameters, alias_warnings=None, alias_deprecations=None):
    return _handle_aliases(argument_spec, parameters, alias_warnings, alias_deprecations)


def _handle_aliases(argument_spec, parameters, alias_warnings=None, alias_deprecations=None):
    names = {}
    for name, spec in argument_spec.items():
        aliases = spec.get('aliases', None)
        if spec.get('default', None) is not None and spec.get('required', False):
            raise ValueError('internal error: required and default are mutually exclusive for %s' % name)
        if aliases is None:
            continue
        if isinstance(aliases, (str, bytes)):
            raise TypeError('internal error: aliases must be a list or tuple')
        for deprecation in spec.get('deprecated_aliases') or []:
            if deprecation['name'] in parameters and alias_deprecations is not None:
                alias_deprecations.append(deprecation)
        for alias in aliases:
            names[alias] = name
            if alias not in parameters:
                continue
            if name in parameters and alias_warnings is not None:
                alias_warnings.append((name, alias))
            parameters[name] = parameters[alias]
    return names


def get_unsupported_parameters(argument_spec, parameters, legal_inputs=None):
    return _get_unsupported_parameters(argument_spec, parameters, legal_inputs)


def _get_unsupported_parameters(argument_spec, parameters, legal_inputs=None, options_context=None,
                                store_supported=None):
    legal = set(legal_inputs if legal_inputs is not None else _legal_inputs(argument_spec))
    unsupported = set()
    for name in parameters:
        if name in legal:
            continue
        place = tuple(options_context) + (name,) if options_context else name
        unsupported.add(place)
        if store_supported is not None:
            names, aliases = _supported(argument_spec)
            store_supported[place] = (names, aliases)
    return unsupported


def _legal_inputs(argument_spec):
    legal = set(argument_spec)
    for spec in argument_spec.values():
        legal.update(spec.get('aliases') or [])
    return legal


def _supported(argument_spec):
    return set(argument_spec), set(argument_spec)


def supported_text(argument_spec):
    """`a, b, c (alias, other)`"""
    aliases = sorted(alias for spec in argument_spec.values() for alias in spec.get('aliases') or [])
    shown = ', '.join(sorted(argument_spec))
    return '%s (%s)' % (shown, ', '.join(aliases)) if aliases else shown


def set_defaults(argument_spec, parameters, set_default=True):
    secrets = set()
    for name, spec in argument_spec.items():
        default = spec.get('default', None)
        if spec.get('no_log', False) and default:
            secrets.add(default)
        if not set_default:
            if name not in parameters and default is not None:
                parameters[name] = default
        elif name not in parameters:
            parameters[name] = default
    return secrets


def _wanted(spec):
    wanted = spec.get('type', 'str')
    if wanted is None:
        wanted = 'str'
    check = wanted if callable(wanted) else DEFAULT_TYPE_VALIDATORS.get(wanted)
    return check, (getattr(wanted, '__name__', str(wanted)) if callable(wanted) else wanted)


def _types(argument_spec, parameters, context, errors):
    for name, spec in argument_spec.items():
        if name not in parameters:
            continue
        value = parameters[name]
        if value is None and not spec.get('required') and spec.get('default') is None:
            continue
        check, wanted = _wanted(spec)
        try:
            parameters[name] = check(value)
        except (TypeError, ValueError) as error:
            place = " found in '%s'" % ' -> '.join(context) if context else ''
            errors.append(ArgumentTypeError("argument '%s' is of type %s%s and we were unable to convert to %s: %s"
                                            % (name, type(value).__name__, place, wanted, to_native(error))))
            continue
        elements = spec.get('elements')
        if elements and wanted == 'list' and parameters[name] is not None:
            _elements(name, elements, parameters, context, errors)


def _elements(name, elements, parameters, context, errors):
    check, wanted = _wanted({'type': elements})
    converted = []
    for value in parameters[name]:
        try:
            converted.append(check(value))
        except (TypeError, ValueError) as error:
            place = " found in '%s'" % ' -> '.join(context) if context else ''
            errors.append(ElementError("Elements value for option '%s'%s is of type %s and we were unable to convert"
                                       " to %s: %s" % (name, place, type(value).__name__, wanted, to_native(error))))
    parameters[name] = converted


def _choices(argument_spec, parameters, context, errors):
    for name, spec in argument_spec.items():
        choices = spec.get('choices')
        if choices is None or name not in parameters:
            continue
        if not isinstance(choices, (frozenset, KeysView, Set, list, tuple, dict)):
            errors.append(ArgumentTypeError('internal error: choices for argument %s are not iterable: %s'
                                            % (name, choices)))
            continue
        value = parameters[name]
        place = ' found in %s' % ' -> '.join(context) if context else ''
        shown = ', '.join(to_native(choice) for choice in choices)
        if isinstance(value, list):
            wrong = [item for item in value if item not in choices]
            if wrong:
                errors.append(ArgumentValueError('value of %s must be one or more of: %s. Got no match for: %s%s' % (
                    name, shown, ', '.join(to_native(item) for item in wrong), place)))
        elif value is not None and value not in choices:
            # YAML reads words such as yes and off as booleans.
            words = [word for word in choices if str(word).lower() in (
                ('yes', 'on', 'true') if value in (True, 'True') else
                ('no', 'off', 'false') if value in (False, 'False') else ())]
            if len(words) == 1:
                parameters[name] = words[0]
                continue
            errors.append(ArgumentValueError('value of %s must be one of: %s, got: %s%s'
                                             % (name, shown, to_native(value), place)))


_RULES = (
    (check_mutually_exclusive, 'mutually_exclusive', MutuallyExclusiveError),
    (check_required_together, 'required_together', RequiredTogetherError),
    (check_required_one_of, 'required_one_of', RequiredOneOfError),
    (check_required_if, 'required_if', RequiredIfError),
    (check_required_by, 'required_by', RequiredByError),
)


def _attempt(check, first, parameters, context, kind, errors):
    try:
        check(first, parameters, context)
    except TypeError as error:
        errors.append(kind(to_native(error)))


def validate_level(argument_spec, parameters, rules, context, result):
    """Checks one level of options and, through it, those below. `result` gathers errors and what was noticed."""
    errors = result.errors
    result.secrets |= set_fallbacks(argument_spec, parameters)
    alias_warnings, alias_deprecations = [], []
    try:
        names = _handle_aliases(argument_spec, parameters, alias_warnings, alias_deprecations)
    except (TypeError, ValueError) as error:
        errors.append(AliasError(to_native(error)))
        names = {}
    for option, alias in alias_warnings:
        result.warnings.append({'option': '%s%s' % (''.join(part + ' -> ' for part in context), option),
                                'alias': alias})
    result.deprecations.extend(alias_deprecations)
    legal = set(argument_spec) | set(names)
    unsupported = [name for name in parameters if name not in legal]
    for name in unsupported:
        result.unsupported.append((tuple(context) + (name,), argument_spec))
    _attempt(check_mutually_exclusive, rules.get('mutually_exclusive'), parameters, context, MutuallyExclusiveError,
             errors)
    result.secrets |= set_defaults(argument_spec, parameters, False)
    _attempt(check_required_arguments, argument_spec, parameters, context, RequiredError, errors)
    _types(argument_spec, parameters, context, errors)
    _choices(argument_spec, parameters, context, errors)
    for check, name, kind in _RULES[1:]:
        _attempt(check, rules.get(name), parameters, context, kind, errors)
    result.secrets |= set_defaults(argument_spec, parameters)
    for name, spec in argument_spec.items():
        version, date = spec.get('removed_in_version'), spec.get('removed_at_date')
        if (version or date) and parameters.get(name) is not None:
            result.deprecations.append({'msg': "Param '%s' is deprecated. See the module docs for more information"
                                        % name, 'version': version, 'date': date,
                                        'collection_name': spec.get('removed_from_collection')})
    _nested(argument_spec, parameters, context, result)


def _nested(argument_spec, parameters, context, result):
    for name, spec in argument_spec.items():
        options, wanted = spec.get('options'), spec.get('type')
        if options is None or not (wanted == 'dict' or (wanted == 'list' and spec.get('elements') == 'dict')):
            continue
        if spec.get('apply_defaults', False) and parameters.get(name) is None:
            parameters[name] = {}
        value = parameters.get(name)
        if value is None:
            continue
        levels = value if isinstance(value, list) else [value]
        for at, level in enumerate(levels):
            if not isinstance(level, dict):
                result.errors.append(SubParameterTypeError("value of '%s' must be of type dict or list of dicts"
                                                           % name))
                continue
            level = dict(level)
            if isinstance(value, list):
                value[at] = level
            else:
                parameters[name] = level
            validate_level(options, level, spec, list(context) + [name], result)


class Findings:
    """What was found on the way."""

    def __init__(self):
        self.errors = AnsibleValidationErrorMultiple()
        self.secrets = set()
        self.unsupported = []
        self.warnings = []
        self.deprecations = []


def unsupported_error(unsupported):
    names = ', '.join(sorted('.'.join(place) for place, _ in unsupported))
    return UnsupportedError('%s. Supported parameters include: %s.' % (names, supported_text(unsupported[0][1])))
