from ansible import constants as C
from ansible.plugins.callback.default import CallbackModule as Default
from ansible.utils.color import colorize, hostcolor, stringc
from ansible.utils.display import get_text_width

DOCUMENTATION = '''
name: terse
type: stdout
short_description: the default output, with notes
description: [the default output, with notes]
extends_documentation_fragment: [default_callback, result_format_callback]
'''


class CallbackModule(Default):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'stdout'
    CALLBACK_NAME = 'terse'

    def _dump_results(self, result, indent=None, sort_keys=True, keep_invocation=False, serialize=True):
        result['_ansible_verbose_always'] = True
        said = result.pop('msg', None)
        text = super()._dump_results(result, indent, sort_keys, keep_invocation)
        return '%s\nSAID: %s\n' % (text, said)

    def v2_playbook_on_play_start(self, play):
        super().v2_playbook_on_play_start(play)
        self._display.display('on %s, %s' % (play.hosts, type(play).__name__), color=C.COLOR_OK)

    def v2_playbook_on_task_start(self, task, is_conditional):
        super().v2_playbook_on_task_start(task, is_conditional)
        self._display.display('%s %s' % (task.action, sorted(task.tags)))

    def v2_runner_on_ok(self, result):
        if result._task.action in C._ACTION_DEBUG:
            self._display.display(stringc('debugged %s' % result._host.get_name(), C.COLOR_DEBUG))
        super().v2_runner_on_ok(result)

    def v2_playbook_on_stats(self, stats):
        super().v2_playbook_on_stats(stats)
        for host in sorted(stats.processed):
            counts = stats.summarize(host)
            line = '%s%s' % (hostcolor(host, counts), colorize('ok', counts['ok'], C.COLOR_OK))
            self._display.display('%s (%d wide, %s)' % (line, get_text_width('größe 世'), self.get_option('display_ok_hosts')))
