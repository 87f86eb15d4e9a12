"""Keys between camelCase and snake_case; dictionaries merged and compared."""
import re
from copy import deepcopy


def _camel_to_snake(name, reversible=False):
    if reversible:
        snake = re.sub('([A-Z])', lambda match: '_' + match.group(1).lower(), name)
        return snake[1:] if name[:1].isupper() else snake
    # A trailing plural such as the s of "ARNs" belongs to the acronym.
    name = re.sub(r'[A-Z]{3,}s$', lambda match: ('_' if match.start() else '') + match.group(0).lower(), name)
    name = re.sub(r'(.)([A-Z][a-z]+)', r'\1_\2', name)
    return re.sub(r'([a-z0-9])([A-Z])', r'\1_\2', name).lower()


def _snake_to_camel(snake, capitalize_first=False):
    words = snake.split('_')
    changed = words if capitalize_first else words[1:]
    return ''.join(words[:len(words) - len(changed)] + [word.capitalize() or '_' for word in changed])


def _transform(value, rename, ignore):
    if isinstance(value, list):
        return [_transform(item, rename, ignore) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        rename(key): item if key in ignore else _transform(item, rename, ())
        for key, item in value.items()
    }


def camel_dict_to_snake_dict(camel_dict, reversible=False, ignore_list=()):
    return _transform(camel_dict, lambda key: _camel_to_snake(key, reversible), ignore_list)


def snake_dict_to_camel_dict(snake_dict, capitalize_first=False):
    return _transform(snake_dict, lambda key: _snake_to_camel(key, capitalize_first), ())


def dict_merge(a, b):
    """`b` over `a`, dictionaries inside merged as well."""
    if not isinstance(b, dict):
        return b
    result = deepcopy(a)
    for key, value in b.items():
        if key in result and isinstance(result[key], dict):
            result[key] = dict_merge(result[key], value)
        else:
            result[key] = deepcopy(value)
    return result


def recursive_diff(dict1, dict2):
    """What each has that the other has not; None when they are equal."""
    if not isinstance(dict1, dict) or not isinstance(dict2, dict):
        raise TypeError("Unable to diff 'dict1' %s and 'dict2' %s. Both must be a dictionary."
                        % (type(dict1), type(dict2)))
    left = {key: value for key, value in dict1.items() if key not in dict2}
    right = {key: value for key, value in dict2.items() if key not in dict1}
    for key in set(dict1) & set(dict2):
        one, other = dict1[key], dict2[key]
        if isinstance(one, dict) and isinstance(other, dict):
            inner = recursive_diff(one, other)
            if inner:
                left[key], right[key] = inner
        elif one != other:
            left[key], right[key] = one, other
    return (left, right) if left or right else None
