from ansible.plugins.callback import CallbackBase

DOCUMENTATION = '''
name: brief
type: stdout
short_description: one word a result
description: [one word a result]
'''


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'stdout'
    CALLBACK_NAME = 'brief'

    def v2_runner_on_ok(self, result):
        self._display.display('ok')

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._display.display('failed')
