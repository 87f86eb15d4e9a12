"""What kind of collection something is."""
from collections.abc import Hashable, Iterable, Mapping, MutableMapping, Sequence, Set


class ImmutableDict(Hashable, Mapping):
    def __init__(self, *args, **kwargs):
        self._store = dict(*args, **kwargs)

    def __getitem__(self, key):
        return self._store[key]

    def __iter__(self):
        return iter(self._store)

    def __len__(self):
        return len(self._store)

    def __hash__(self):
        return hash(frozenset(self.items()))

    def __eq__(self, other):
        return isinstance(other, Hashable) and isinstance(other, Mapping) and dict(self) == dict(other)

    def union(self, other):
        return ImmutableDict({**self._store, **other})

    def difference(self, keys):
        keys = frozenset(keys)
        return ImmutableDict({key: value for key, value in self._store.items() if key not in keys})


def is_string(seq):
    return isinstance(seq, (str, bytes))


def is_iterable(seq, include_strings=False):
    if not include_strings and is_string(seq):
        return False
    try:
        iter(seq)
    except TypeError:
        return False
    return True


def is_sequence(seq, include_strings=False):
    return (include_strings or not is_string(seq)) and isinstance(seq, Sequence)


def count(seq):
    if not is_iterable(seq):
        raise Exception('Argument provided  is not an iterable')
    counters = {}
    for item in seq:
        counters[item] = counters.get(item, 0) + 1
    return counters
