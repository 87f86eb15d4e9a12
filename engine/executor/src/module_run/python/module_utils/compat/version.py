"""Versions compared part by part, numbers as numbers."""
import re
from functools import total_ordering


@total_ordering
class Version:
    def __init__(self, vstring=None):
        if vstring:
            self.parse(vstring)

    def _other(self, other):
        return type(self)(other) if isinstance(other, str) else other

    def _cmp(self, other):
        other = self._other(other)
        if not isinstance(other, type(self)):
            return NotImplemented
        return (self.version > other.version) - (self.version < other.version)

    def __eq__(self, other):
        result = self._cmp(other)
        return result if result is NotImplemented else result == 0

    def __lt__(self, other):
        result = self._cmp(other)
        return result if result is NotImplemented else result < 0

    def __repr__(self):
        return "%s ('%s')" % (type(self).__name__, str(self))

    def __str__(self):
        return self.vstring


class LooseVersion(Version):
    def parse(self, vstring):
        self.vstring = vstring
        parts = [part for part in re.split(r'(\d+|[a-z]+|\.)', vstring) if part and part != '.']
        self.version = [int(part) if part.isdigit() else part for part in parts]


class StrictVersion(Version):
    def parse(self, vstring):
        match = re.match(r'^(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?$', vstring)
        if not match:
            raise ValueError("invalid version number '%s'" % vstring)
        major, minor, patch, letter, number = match.groups()
        self.vstring = vstring
        release = (letter, int(number)) if letter else ('z', 0)
        self.version = ((int(major), int(minor), int(patch or 0)), release)
