from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = '''
name: away
short_description: a host that is not there
description: [a host that is not there]
options:
  how:
    description: [how it fails]
    type: str
    default: gone
    vars:
      - name: away_how
'''


class Connection(Local):
    transport = 'away'

    def exec_command(self, cmd, in_data=None, sudoable=True):
        if self.get_option('how') == 'gone':
            raise AnsibleConnectionFailure('the host has gone away')
        raise AnsibleError('an error with {{ braces }}')
