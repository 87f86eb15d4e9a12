"""Filters of the engine as Python functions."""
from ansible.plugins.filter.core import FilterModule, __getattr__  # noqa: F401
