"""Warnings that go into the result."""
_warnings = []
_deprecations = []


def warn(warning, **kwargs):
    if not isinstance(warning, str):
        raise TypeError("warn requires a string not a %s" % type(warning))
    if warning not in _warnings:
        _warnings.append(warning)


def deprecate(msg, version=None, date=None, collection_name=None, help_text=None, deprecator=None, **kwargs):
    entry = {'msg': msg, 'collection_name': collection_name}
    entry.update((key, value) for key, value in (('help_text', help_text), ('deprecator', deprecator)) if value)
    if date is not None:
        entry['date'] = str(date)
    else:
        entry['version'] = version
    if entry not in _deprecations:
        _deprecations.append(entry)


def get_warning_messages():
    return tuple(_warnings)


def get_deprecation_messages():
    return tuple(_deprecations)
