"""Versions compared part by part, numbers as numbers."""
import re
from functools import total_ordering


@total_ordering
class Version:
    def __init__(self, vstring=None):
        if vstring:
            self.parse(vstring)

    def _cmp(self, other):
        if isinstance(other, str):
            other = type(self)(other)
        if not isinstance(other, type(self)):
            return NotImplemented
        mine, theirs = self._rank(), other._rank()
        return 0 if mine == theirs else -1 if mine < theirs else 1

    def __eq__(self, other):
        result = self._cmp(other)
        return result if result is NotImplemented else result == 0

    def __lt__(self, other):
        result = self._cmp(other)
        return result if result is NotImplemented else result < 0

    def __repr__(self):
        return "%s ('%s')" % (type(self).__name__, str(self))


class LooseVersion(Version):
    """Any text: its numbers and words."""

    def parse(self, vstring):
        self.vstring = vstring
        parts = [part for part in re.split(r'(\d+|[a-z]+|\.)', vstring) if part and part != '.']
        self.version = [int(part) if part.isdigit() else part for part in parts]

    def _rank(self):
        return self.version

    def __str__(self):
        return self.vstring


class StrictVersion(Version):
    """Two or three numbers, and perhaps a pre-release: `1.4.2`, `1.5a1`."""

    def parse(self, vstring):
        match = re.match(r'^(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?$', vstring, re.ASCII)
        if not match:
            raise ValueError("invalid version number '%s'" % vstring)
        major, minor, patch, letter, number = match.groups()
        self.version = (int(major), int(minor), int(patch or 0))
        self.prerelease = (letter, int(number)) if letter else None

    def _rank(self):
        return self.version, self.prerelease or ('final',)

    def __str__(self):
        numbers = self.version if self.version[2] else self.version[:2]
        return '.'.join(map(str, numbers)) + (''.join(map(str, self.prerelease)) if self.prerelease else '')
