def wrap(value):
    return '<%s>' % value
