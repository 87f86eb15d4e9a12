"""Bits of file modes."""
import os
import re
import stat

FILE_ATTRIBUTES = {
    'A': 'noatime', 'a': 'append', 'c': 'compressed', 'C': 'nocow', 'd': 'nodump', 'D': 'dirsync', 'e': 'extents',
    'E': 'encrypted', 'h': 'blocksize', 'i': 'immutable', 'I': 'indexed', 'j': 'journalled', 'N': 'inline',
    's': 'zero', 'S': 'synchronous', 't': 'notail', 'T': 'blockroot', 'u': 'undelete', 'X': 'compressedraw',
    'Z': 'compresseddirty',
}
USERS_RE = re.compile(r'^[ugo]+$')
PERMS_RE = re.compile(r'^[rwxXstugo]*$')
S_IRANU = 0o0
EXEC_PERM_BITS = 0o111
_PERM_BITS = 0o7777
_DEFAULT_PERM = 0o0666
DEFAULT_PERM = _DEFAULT_PERM
PERM_BITS = _PERM_BITS


def is_executable(path):
    return bool(EXEC_PERM_BITS & os.stat(path)[stat.ST_MODE])


def format_attributes(attributes):
    return [FILE_ATTRIBUTES[attribute] for attribute in attributes if attribute in FILE_ATTRIBUTES]


def get_flags_from_attributes(attributes):
    return ''.join(flag for flag, name in FILE_ATTRIBUTES.items() if name in attributes)
