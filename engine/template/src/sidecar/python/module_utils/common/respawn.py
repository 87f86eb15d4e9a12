"""Looks for a Python that has a package; a module sent by us cannot start itself again under another one."""
import os
import subprocess
import sys


def has_respawned():
    return False


def respawn_module(interpreter_path):
    """Runs the same archive with the same arguments under another Python, and ends."""
    from ansible.module_utils import basic
    archive = next((path for path in sys.path if os.path.isfile(path)), None)
    if archive is None:
        raise Exception('the module was not started from an archive')
    arguments = basic._ANSIBLE_ARGS[len(b'{"ANSIBLE_MODULE_ARGS": '):-1]
    ended = subprocess.run([interpreter_path, archive], input=arguments, check=False)
    sys.exit(ended.returncode)


def probe_interpreters_for_module(interpreter_paths, module_name):
    for path in interpreter_paths:
        if not os.path.exists(path):
            continue
        code = "import importlib.util, sys; sys.exit(importlib.util.find_spec(%r) is None)" % module_name
        if subprocess.run([path, '-c', code], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return path
    return None
