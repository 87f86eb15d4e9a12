import os


def unfrackpath(path, follow=True, basedir=None):
    path = os.path.expanduser(os.path.expandvars(str(path)))
    if not os.path.isabs(path):
        path = os.path.join(basedir or os.getcwd(), path)
    return os.path.realpath(path) if follow else os.path.normpath(os.path.abspath(path))


def makedirs_safe(path, mode=None):
    os.makedirs(path, mode or 0o777, exist_ok=True)


def basedir(source):
    source = os.path.realpath(source)
    return source if os.path.isdir(source) else os.path.dirname(source)
