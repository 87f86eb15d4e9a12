"""Versions in order."""
import re
from functools import total_ordering


@total_ordering
class LooseVersion:
    component_re = re.compile(r'(\d+ | [a-z]+ | \.)', re.VERBOSE)

    def __init__(self, vstring=None):
        if vstring:
            self.parse(vstring)

    def parse(self, vstring):
        self.vstring = vstring
        parts = [part for part in self.component_re.split(vstring) if part and part != '.']
        self.version = [int(part) if part.isdigit() else part for part in parts]

    def __str__(self):
        return self.vstring

    def __repr__(self):
        return "%s ('%s')" % (type(self).__name__, self)

    def _other(self, other):
        return type(self)(other) if isinstance(other, str) else other

    def __eq__(self, other):
        return self.version == self._other(other).version

    def __lt__(self, other):
        return self.version < self._other(other).version


class StrictVersion(LooseVersion):
    pattern = re.compile(r'^(\d+) \. (\d+) (\. (\d+))? ([ab](\d+))?$', re.VERBOSE | re.ASCII)

    def parse(self, vstring):
        found = self.pattern.match(vstring)
        if not found:
            raise ValueError("invalid version number '%s'" % vstring)
        major, minor, patch, pre, number = found.group(1, 2, 4, 5, 6)
        self.vstring = vstring
        self.version = [int(major), int(minor), int(patch or 0), pre[0] if pre else 'z', int(number or 0)]
