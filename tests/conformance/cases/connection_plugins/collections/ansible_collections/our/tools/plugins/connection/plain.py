import shutil
import subprocess

from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = '''
name: plain
short_description: without pipelining
description: [without pipelining]
options: {}
'''


class Connection(ConnectionBase):
    transport = 'plain'
    has_pipelining = False

    def _connect(self):
        self._connected = True
        return self

    def exec_command(self, cmd, in_data=None, sudoable=True):
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        done = subprocess.run(['/bin/sh', '-c', cmd], capture_output=True, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    def put_file(self, in_path, out_path):
        shutil.copyfile(in_path, out_path)

    def fetch_file(self, in_path, out_path):
        shutil.copyfile(in_path, out_path)

    def close(self):
        self._connected = False
