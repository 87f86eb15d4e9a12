from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = '''
name: counted
short_description: the control node, with everything counted
description: [the control node]
options:
  greeting:
    description: [said in front]
    type: str
    default: hello
    vars:
      - name: counted_greeting
'''


class Connection(Local):
    transport = 'counted'
    commands = 0

    def exec_command(self, cmd, in_data=None, sudoable=True):
        self.commands += 1
        if cmd == 'say':
            return 0, self.get_option('greeting').encode(), str(self.commands).encode()
        return super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
