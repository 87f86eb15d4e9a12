"""Where programs are."""
import os

from ansible.module_utils.common.file import is_executable


def get_bin_path(arg, opt_dirs=None, required=None):
    """The path of the program `arg`; ValueError when there is none."""
    directories = [path for path in (opt_dirs or []) if path]
    directories += os.environ.get('PATH', '').split(os.pathsep)
    directories += [path for path in ('/sbin', '/usr/sbin', '/usr/local/sbin') if path not in directories]
    if os.path.isabs(arg) and os.path.exists(arg) and not os.path.isdir(arg) and is_executable(arg):
        return arg
    for directory in directories:
        path = os.path.join(directory, arg)
        if directory and os.path.exists(path) and not os.path.isdir(path) and is_executable(path):
            return path
    raise ValueError('Failed to find required executable "%s" in paths: %s'
                     % (arg, os.pathsep.join(path for path in directories if path and os.path.exists(path))))
