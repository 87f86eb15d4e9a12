"""The default callback, for plugins that extend it."""
import os

from ansible import constants as C
from ansible import context
from ansible.kapell_options import FRAGMENTS
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback import CallbackBase
from ansible.utils.color import colorize, hostcolor

# The words of the recap: what counts, and its colour.
_COUNTS = (('ok', 'ok', 'OK'), ('changed', 'changed', 'CHANGED'), ('unreachable', 'unreachable', 'UNREACHABLE'),
           ('failed', 'failures', 'ERROR'), ('skipped', 'skipped', 'SKIP'), ('rescued', 'rescued', 'OK'),
           ('ignored', 'ignored', 'WARN'))


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'stdout'
    CALLBACK_NAME = 'default'
    kapell_definitions = {**FRAGMENTS['default_callback'], **FRAGMENTS['result_format_callback']}

    def __init__(self):
        super().__init__()
        self._last_task_banner = self._last_task_name = None
        self._task_type_cache = {}

    def v2_playbook_on_start(self, playbook):
        if self._display.verbosity > 1:
            self._display.banner('PLAYBOOK: %s' % os.path.basename(playbook._file_name))
            self._display.vv('%d plays in %s' % (len(playbook._entries), playbook._file_name))
        self._mark_dry_run()

    def v2_playbook_on_play_start(self, play):
        name = play.get_name().strip()
        self._play = play
        self._display.banner(('PLAY [%s]' % name if name else 'PLAY') + self._check_mark(play))

    def v2_playbook_on_no_hosts_matched(self):
        self._display.display('skipping: no hosts matched', color=C.COLOR_SKIP)

    def v2_playbook_on_no_hosts_remaining(self):
        self._display.banner('NO MORE HOSTS LEFT')

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._task_start(task, prefix='TASK')

    def v2_playbook_on_cleanup_task_start(self, task):
        self._task_start(task, prefix='CLEANUP TASK')

    def v2_playbook_on_handler_task_start(self, task):
        self._task_start(task, prefix='RUNNING HANDLER')

    def _task_start(self, task, prefix=None):
        if prefix is not None:
            self._task_type_cache[task._uuid] = prefix
        if task.independent:
            self._last_task_name = None
            return
        self._last_task_name = task.get_name().strip()
        if self.get_option('display_skipped_hosts') and self.get_option('display_ok_hosts'):
            self._print_task_banner(task)

    def _print_task_banner(self, task):
        args = task.shown_args if C.DISPLAY_ARGS_TO_STDOUT and not task.no_log else ''
        prefix = self._task_type_cache.get(task._uuid, 'TASK')
        name = self._last_task_name or task.get_name().strip()
        self._display.banner('%s [%s%s]%s' % (prefix, name, args, self._check_mark(task)))
        if self._display.verbosity >= 2:
            self._print_task_path(task)
        self._last_task_banner = task._uuid

    def _check_mark(self, item):
        return ' [CHECK MODE]' if item.check_mode and self.get_option('check_mode_markers') else ''

    def _mark_dry_run(self):
        if context.CLIARGS['check'] and self.get_option('check_mode_markers'):
            self._display.banner('DRY RUN')

    def _banner_of(self, task):
        if self._last_task_banner != task._uuid:
            self._print_task_banner(task)

    def v2_runner_on_start(self, host, task):
        if self.get_option('show_per_host_start'):
            self._display.display(' [started %s on %s]' % (task, host), color=C.COLOR_OK)

    def v2_runner_on_ok(self, result):
        task = result._task
        if isinstance(task, TaskInclude):
            self._banner_of(task)
            return
        line = self._line_of_success(result)
        if line is None:
            return
        text, color = line
        self._handle_warnings_and_exception(result)
        if self._is_loop(result):
            self._process_items(result)
            return
        self._clean_results(result._result, task.action)
        self._display.display(text + self._shown(result, ' => %s'), color=color)

    def v2_runner_item_on_ok(self, result):
        if isinstance(result._task, TaskInclude):
            return
        line = self._line_of_success(result)
        if line is None:
            return
        text, color = line
        self._handle_warnings_and_exception(result)
        self._clean_results(result._result, result._task.action)
        text = '%s => (item=%s)' % (text, self._get_item_label(result._result))
        self._display.display(text + self._shown(result, ' => %s'), color=color)

    def _line_of_success(self, result):
        """The beginning of the line, and its colour; nothing where it is not to be seen."""
        is_changed = result._result.get('changed', False)
        if not is_changed and not self.get_option('display_ok_hosts'):
            return None
        self._banner_of(result._task)
        word, color = ('changed', C.COLOR_CHANGED) if is_changed else ('ok', C.COLOR_OK)
        return '%s: [%s]' % (word, self.host_label(result)), color

    def _shown(self, result, form):
        return form % self._dump_results(result._result) if self._run_is_verbose(result) else ''

    @staticmethod
    def _is_loop(result):
        return bool(result._task.loop) and 'results' in result._result

    def v2_runner_on_skipped(self, result):
        if not self.get_option('display_skipped_hosts'):
            return
        self._clean_results(result._result, result._task.action)
        self._banner_of(result._task)
        self._handle_warnings_and_exception(result)
        if self._is_loop(result):
            self._process_items(result)
        text = 'skipping: [%s]' % result._host.get_name()
        self._display.display(text + self._shown(result, ' => %s'), color=C.COLOR_SKIP)

    def v2_runner_item_on_skipped(self, result):
        if not self.get_option('display_skipped_hosts'):
            return
        self._banner_of(result._task)
        self._handle_warnings_and_exception(result)
        self._clean_results(result._result, result._task.action)
        text = 'skipping: [%s] => (item=%s) ' % (result._host.get_name(), self._get_item_label(result._result))
        self._display.display(text + self._shown(result, ' => %s'), color=C.COLOR_SKIP)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._banner_of(result._task)
        self._handle_warnings_and_exception(result)
        if self._is_loop(result):
            self._process_items(result)
        else:
            self._tell_failure(result, 'FAILED', C.COLOR_ERROR)
        if ignore_errors:
            self._display.display('...ignoring', color=C.COLOR_SKIP)

    def v2_runner_on_unreachable(self, result):
        self._banner_of(result._task)
        self._handle_warnings_and_exception(result)
        self._tell_failure(result, 'UNREACHABLE', C.COLOR_UNREACHABLE)
        if result._task.ignore_unreachable:
            self._display.display('...ignoring', color=C.COLOR_SKIP)

    def _tell_failure(self, result, word, color):
        if self._display.verbosity < 2 and self.get_option('show_task_path_on_failure'):
            self._print_task_path(result._task)
        text = 'fatal: [%s]: %s! => %s' % (self.host_label(result), word, self._dump_results(result._result))
        self._display.display(text, color=color, stderr=self.get_option('display_failed_stderr'))

    def v2_runner_item_on_failed(self, result):
        self._banner_of(result._task)
        self._handle_warnings_and_exception(result)
        self._clean_results(result._result, result._task.action)
        text = 'failed: [%s] (item=%s) => %s' % (self.host_label(result), self._get_item_label(result._result),
                                                 self._dump_results(result._result))
        self._display.display(text, color=C.COLOR_ERROR, stderr=self.get_option('display_failed_stderr'))

    def v2_runner_retry(self, result):
        left = result._result['retries'] - result._result['attempts']
        text = 'FAILED - RETRYING: [%s]: %s (%d retries left).' % (self.host_label(result), result.task_name, left)
        if self._run_is_verbose(result, verbosity=2):
            text += 'Result was: %s' % self._dump_results(result._result)
        self._display.display(text, color=C.COLOR_DEBUG)

    def v2_on_file_diff(self, result):
        found = result._result['results'] if self._is_loop(result) else [result._result]
        for data in found:
            diff = self._get_diff(data['diff']) if data.get('diff') and data.get('changed') else ''
            if diff:
                self._banner_of(result._task)
                self._display.display(diff)

    def v2_playbook_on_include(self, included_file):
        hosts = ', '.join(host.name for host in included_file._hosts)
        text = 'included: %s for %s' % (included_file._filename, hosts)
        label = self._get_item_label(included_file._vars)
        self._display.display('%s => (item=%s)' % (text, label) if label else text, color=C.COLOR_INCLUDED)

    def v2_playbook_on_notify(self, handler, host):
        if self._display.verbosity > 1:
            self._display.display('NOTIFIED HANDLER %s for %s' % (handler.get_name(), host), color=C.COLOR_VERBOSE,
                                  screen_only=True)

    def v2_playbook_on_stats(self, stats):
        self._display.banner('PLAY RECAP')
        for host in sorted(stats.processed):
            counts = stats.summarize(host)
            for coloured, more in ((True, {'screen_only': True}), (None, {'log_only': True})):
                cells = ' '.join(colorize(word, counts[name], coloured and getattr(C, 'COLOR_' + color))
                                 for word, name, color in _COUNTS)
                self._display.display('%s : %s' % (hostcolor(host, counts, coloured), cells), **more)
        self._display.display('', screen_only=True)
        if stats.custom and self.get_option('show_custom_stats'):
            self._tell_custom(stats.custom)
        self._mark_dry_run()

    def _tell_custom(self, custom):
        self._display.banner('CUSTOM STATS: ')
        for name in sorted(name for name in custom if name != '_run'):
            text = self._dump_results(custom[name], indent=1).replace('\n', '')
            self._display.display('\t%s: %s' % (name, text))
        if '_run' in custom:
            self._display.display('', screen_only=True)
            self._display.display('\tRUN: %s' % self._dump_results(custom['_run'], indent=1).replace('\n', ''))
        self._display.display('', screen_only=True)
