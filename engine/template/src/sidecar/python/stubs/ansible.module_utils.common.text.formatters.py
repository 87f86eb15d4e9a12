from kapell_host import ENGINE


def human_to_bytes(number, default_unit=None, isbits=False):
    return ENGINE.filter('human_to_bytes', number, default_unit, isbits)


def bytes_to_human(size, isbits=False, unit=None):
    return ENGINE.filter('human_readable', size, isbits, unit)


def lenient_lowercase(items):
    return [item.lower() if hasattr(item, 'lower') else item for item in items]
