from __future__ import annotations


def between(value, low, high=10):
    return low <= value <= high


class TestModule:
    def tests(self):
        return {'between': between, 'palindrome': lambda s: s == s[::-1], 'truthful': lambda v: v}
