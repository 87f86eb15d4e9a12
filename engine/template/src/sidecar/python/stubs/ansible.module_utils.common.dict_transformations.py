"""Names of keys from one style into another; differences of dictionaries."""
import re
from copy import deepcopy


def _camel_to_snake(name, reversible=False):
    if reversible:
        return re.sub(r'([A-Z])', lambda found: '_' + found.group(1).lower(), name).lstrip('_')
    name = re.sub(r'[A-Z]{3,}s$', lambda found: '_' + found.group(0).lower(), name)
    name = re.sub(r'(.)([A-Z][a-z]+)', r'\1_\2', name)
    return re.sub(r'([a-z0-9])([A-Z])', r'\1_\2', name).lower().replace('__', '_')


def _snake_to_camel(name, capitalize_first=False):
    words = name.split('_')
    first = words[0].title() if capitalize_first else words[0]
    return first + ''.join(word.title() if word else '_' for word in words[1:])


def _renamed(value, rename, ignore=()):
    if isinstance(value, dict):
        return {rename(key): value[key] if key in ignore else _renamed(value[key], rename) for key in value}
    if isinstance(value, list):
        return [_renamed(item, rename, ignore) for item in value]
    return value


def camel_dict_to_snake_dict(camel_dict, reversible=False, ignore_list=()):
    return _renamed(camel_dict, lambda key: _camel_to_snake(key, reversible), ignore_list)


def snake_dict_to_camel_dict(snake_dict, capitalize_first=False):
    return _renamed(snake_dict, lambda key: _snake_to_camel(key, capitalize_first))


def dict_merge(a, b):
    if not isinstance(b, dict):
        return b
    result = deepcopy(a)
    for key, value in b.items():
        both = key in result and isinstance(result[key], dict)
        result[key] = dict_merge(result[key], value) if both else deepcopy(value)
    return result


def recursive_diff(dict1, dict2):
    if not all(isinstance(item, dict) for item in (dict1, dict2)):
        raise TypeError("Unable to diff 'dict1' %s and 'dict2' %s. Both must be a dictionary." % (type(dict1), type(dict2)))
    left = {key: dict1[key] for key in dict1 if key not in dict2}
    right = {key: dict2[key] for key in dict2 if key not in dict1}
    for key in dict1.keys() & dict2.keys():
        if isinstance(dict1[key], dict) and isinstance(dict2[key], dict):
            difference = recursive_diff(dict1[key], dict2[key])
            if difference:
                left[key], right[key] = difference
        elif dict1[key] != dict2[key]:
            left[key], right[key] = dict1[key], dict2[key]
    return (left, right) if left or right else None
