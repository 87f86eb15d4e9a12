from ansible.plugins.callback import CallbackBase

DOCUMENTATION = '''
name: first_version
type: aggregate
short_description: has methods of version 1
description: [has methods of version 1]
options: {}
'''


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'first_version'

    def runner_on_ok(self, host, res):
        self._display.display('version 1: ok on %s' % host)

    def playbook_on_stats(self, stats):
        self._display.display('version 1: the end')
