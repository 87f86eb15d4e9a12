"""Checks that plugins written for tests make of themselves."""
import contextlib


class Checks:
    def __init__(self, purpose):
        self.purpose = purpose

    def check(self, value, message=None):
        if not value:
            raise AssertionError('%s: %s' % (self.purpose, message or 'a check failed'))


@contextlib.contextmanager
def hard_fail_context(message):
    yield Checks(message)
