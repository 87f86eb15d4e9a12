"""Filters that show what types go in and come out."""
from __future__ import annotations

import datetime

from ansible.errors import AnsibleError, AnsibleFilterError
from ansible.module_utils.common.text.converters import to_bytes, to_native, to_text


def describe(value):
    if isinstance(value, dict):
        return {str(k): describe(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [describe(v) for v in value]
    for kind in (bool, int, float, str, type(None)):
        if isinstance(value, kind):
            return kind.__name__
    return 'other'


def joined(items, *others, sep='-', **more):
    return sep.join([*items, *others, *(k + '=' + str(more[k]) for k in sorted(more))])


def fails(value, kind='filter'):
    if kind == 'filter':
        raise AnsibleFilterError('no %s here' % value)
    if kind == 'plain':
        raise AnsibleError('plain %s' % value)
    if kind == 'value':
        raise ValueError('bad value %r' % (value,))
    return {}[value]


class FilterModule(object):
    def filters(self):
        return {
            'describe': describe,
            'joined': joined,
            'fails': fails,
            'pairs': lambda d: list(d.items()),
            'to_set': lambda v: sorted(set(v)),
            'squares': lambda n: [i * i for i in range(n)],
            'lines_of': lambda text: (line for line in text.splitlines()),
            'texts': lambda v: [to_text(b'caf\xc3\xa9'), to_native(v), len(to_bytes(v))],
            'day': lambda s: datetime.datetime.strptime(s, '%Y-%m-%d'),
            'big': lambda n: n ** 30,
            'int_keys': lambda v: {i: x for i, x in enumerate(v)},
            'capitalize': lambda s: 'own ' + s,
            'nothing': lambda v: None,
        }
