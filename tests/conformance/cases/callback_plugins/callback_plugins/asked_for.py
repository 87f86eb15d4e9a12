import os

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'notification'
    CALLBACK_NAME = 'asked_for'
    CALLBACK_NEEDS_ENABLED = True

    def playbook_on_stats(self, stats):
        with open('/nonexistent/asked_for', 'w'):
            pass
