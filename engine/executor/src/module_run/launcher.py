# Runs the module of the archive this file lies in. Its arguments come as JSON on standard input.
import json
import runpy
import sys
import traceback

arguments = sys.stdin.buffer.read()
try:
    from ansible.module_utils import basic

    basic._ANSIBLE_ARGS = b'{"ANSIBLE_MODULE_ARGS": ' + arguments + b'}'
    # An ansible-core's own basic.py asks how results are to be written.
    basic._ANSIBLE_PROFILE = 'legacy'
    runpy.run_module('@MODULE@', run_name='__main__', alter_sys=True)
except Exception as error:
    message = str(error) or type(error).__name__
    print('\n' + json.dumps({'failed': True, 'msg': message, 'exception': traceback.format_exc()}))
    sys.exit(1)
