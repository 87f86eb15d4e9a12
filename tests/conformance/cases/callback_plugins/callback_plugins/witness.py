import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = '''
name: witness
type: aggregate
short_description: writes down what it is told
description: [writes down what it is told]
options: {}
'''


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'witness'

    def __init__(self):
        super().__init__()
        self.seen = {}
        self.notified = set()
        self.path = None

    def note(self, method, host, *words):
        self.seen.setdefault(host, []).append(' '.join([method, *map(str, words)]))

    def v2_playbook_on_start(self, playbook):
        self.path = os.path.dirname(os.path.abspath(playbook._file_name))
        self.note('start', '', os.path.basename(playbook._file_name))

    def v2_playbook_on_play_start(self, play):
        self.note('play', '', play.get_name().strip())

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.note('task', '', task.get_name().strip(), task.action)

    def v2_playbook_on_handler_task_start(self, task):
        self.note('handler', '', task.get_name().strip())

    def v2_runner_on_ok(self, result):
        self.note('ok', result._host.get_name(), result._task.action, result._result['changed'],
                  result._result.get('msg', ''))

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.note('failed', result._host.get_name(), result._task.action, ignore_errors, result._result['msg'])

    def v2_runner_on_skipped(self, result):
        self.note('skipped', result._host.get_name(), result.task_name)

    def v2_runner_item_on_ok(self, result):
        self.note('item', result._host.get_name(), result._result['item'], result._result['_ansible_item_label'])

    def v2_runner_item_on_failed(self, result):
        self.note('item failed', result._host.get_name(), result._result['item'])

    def v2_runner_item_on_skipped(self, result):
        self.note('item skipped', result._host.get_name(), self._get_item_label(result._result))

    def v2_runner_retry(self, result):
        self.note('retry', result._host.get_name(), result._result['attempts'])

    def v2_playbook_on_notify(self, handler, host):
        self.notified.add('%s %s' % (host, handler.get_name()))

    def v2_playbook_on_stats(self, stats):
        counts = {host: stats.summarize(host) for host in sorted(stats.processed)}
        with open(os.path.join(self.path, 'witness.json'), 'w') as file:
            json.dump({'seen': self.seen, 'counts': counts, 'notified': sorted(self.notified)}, file)
