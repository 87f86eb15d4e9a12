from collections.abc import Mapping, MutableMapping


def merge_hash(x, y, recursive=True, list_merge='replace'):
    from kapell_host import ENGINE
    return ENGINE.filter('combine', x, y, recursive=recursive, list_merge=list_merge)


def combine_vars(a, b, merge=None):
    return {**a, **b}


def isidentifier(ident):
    import keyword
    return isinstance(ident, str) and ident.isascii() and ident.isidentifier() and not keyword.iskeyword(ident)
