"""The base of callback plugins."""
import copy
import json
import sys

from kapell_host import ENGINE, FINDER, encode
from ansible import constants as C
from ansible.parsing.ajson import AnsibleJSONEncoder
from ansible.plugins import AnsiblePlugin
from ansible.utils.display import Display

__all__ = ['CallbackBase']

# Callbacks of the engine; a class of each can be imported and extended.
NATIVE = ('minimal', 'oneline', 'json', 'jsonl', 'yaml', 'debug', 'junit', 'tree', 'timer', 'profile_tasks')

_SOURCE = '''
from ansible.plugins.callback import NativeCallback


class CallbackModule(NativeCallback):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = %r
    CALLBACK_NAME = %r
    _native_name = %r
'''
for _name in NATIVE:
    _type = 'aggregate' if _name in ('junit', 'tree', 'timer', 'profile_tasks') else 'stdout'
    FINDER.sources['ansible.plugins.callback.' + _name] = _SOURCE % (_type, _name, _name)


def strip_internal_keys(dirty, exceptions=None):
    """The same without what the engine notes in results."""
    kept = exceptions or ()
    if isinstance(dirty, dict):
        return {name: strip_internal_keys(value, kept) for name, value in dirty.items()
                if name in kept or not str(name).startswith('_ansible_')}
    return [strip_internal_keys(item, kept) for item in dirty] if isinstance(dirty, list) else dirty


def module_response_deepcopy(data):
    return copy.deepcopy(data)


# What is shown of a debug task with a message.
_OF_DEBUG = ('msg', 'exception', 'warnings', 'deprecations')


class CallbackBase(AnsiblePlugin):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'notification'
    CALLBACK_NAME = None
    wants_implicit_tasks = False
    _hide_in_debug = ('changed', 'failed', 'skipped', 'invocation', 'skip_reason', 'ansible_loop_var',
                      'ansible_index_var', 'ansible_loop')

    def __init__(self, display=None, options=None):
        super().__init__()
        self._display = display or Display()
        self.disabled = False
        self.wants_implicit_tasks = type(self).wants_implicit_tasks
        self._play = self._current_task_result = None
        if options is not None:
            self.set_options(options)

    @property
    def _plugin_options(self):
        return self.get_options()

    def set_play_context(self, play_context):
        pass

    def _run_is_verbose(self, result, verbosity=0):
        return ((self._display.verbosity > verbosity or result._result.get('_ansible_verbose_always', False))
                and not result._result.get('_ansible_verbose_override', False))

    @staticmethod
    def host_label(result):
        label = result._host.get_name()
        delegated = result._result.get('_ansible_delegated_vars', {}).get('ansible_delegated_host')
        return '%s -> %s' % (label, delegated) if delegated else label

    def _copy_result(self, result):
        return module_response_deepcopy(result)

    _copy_result_exclude = frozenset()

    def _dump_results(self, result, indent=None, sort_keys=True, keep_invocation=False, serialize=True):
        verbosity = self._display.verbosity
        hidden = {'exception', 'warnings', 'deprecations'}
        if not keep_invocation and verbosity < 3:
            hidden.add('invocation')
        if verbosity < 3:
            hidden.add('diff')
        told = self._current_task_result
        if told is not None and told._error_text:
            hidden.add('failed')
        if told is not None and told.is_skipped():
            hidden.update(('skipped', 'results'))
        plain = strip_internal_keys(result)
        shown = {name: value for name, value in plain.items() if name not in hidden}
        if not serialize:
            return shown
        pretty = self._format_option('pretty_results')
        if self._format_option('result_format') == 'yaml':
            return ENGINE.ask('yaml_text', data=encode(shown), pretty=pretty is not False)
        if indent is None and (pretty or pretty is None and (result.get('_ansible_verbose_always') or verbosity > 2)):
            indent = self._format_option('result_indentation') or 4
        return json.dumps(shown, indent=indent, sort_keys=sort_keys, ensure_ascii=False, cls=AnsibleJSONEncoder)

    def _format_option(self, name):
        try:
            return self.get_option(name)
        except KeyError:
            return None

    def _handle_warnings(self, res):
        for text in res.pop('warnings', None) or ():
            self._display.warning(text)
        for entry in res.pop('deprecations', None) or ():
            self._display.deprecated(**entry)

    def _handle_exception(self, result, use_stderr=False):
        result.pop('exception', None)
        told = self._current_task_result
        if told is not None and told._error_text:
            use_stderr = use_stderr or bool(self._format_option('display_failed_stderr'))
            ENGINE.ask('notice', level='error', text=told._error_text, stderr=use_stderr)

    def _handle_warnings_and_exception(self, result):
        self._handle_warnings(result._result)
        self._handle_exception(result._result)

    def _serialize_diff(self, diff):
        return json.dumps(diff, sort_keys=True, indent=4, separators=(',', ': ')) + '\n'

    def _get_diff(self, difflist):
        text = ENGINE.ask('diff_text', diff=encode(difflist))
        return text and text + '\n'

    def _get_item_label(self, result):
        if result.get('_ansible_no_log'):
            return '(censored due to no_log)'
        return result.get('_ansible_item_label', result.get(result.get('ansible_loop_var', 'item')))

    _get_item = _get_item_label

    def _process_items(self, result):
        pass

    def _clean_results(self, result, task_name):
        """Of what debug tasks return only what they say stays."""
        if task_name not in C._ACTION_DEBUG:
            return
        if 'msg' in result:
            hidden = [name for name in result if name not in _OF_DEBUG and not name.startswith('_')]
        else:
            hidden = self._hide_in_debug
        for name in hidden:
            result.pop(name, None)

    def _print_task_path(self, task, color='dark gray'):
        if task.get_path():
            self._display.display('task path: %s' % task.get_path(), color=color)

    def _init_callback_methods(self):
        """Finds the methods that do something. Those of version 1 are told of."""
        methods, old = set(), []
        for name in _VERSION_2:
            if self._is_own(name):
                methods.add(name)
            elif self._is_own(name[3:]):
                methods.add(name)
                old.append(name[3:])
        self._implemented_callback_methods = frozenset(methods)
        if 'v2_on_any' in methods:
            name = 'on_any' if 'on_any' in old else 'v2_on_any'
            self._deprecate('implements deprecated method %r.' % name, 'Use event-specific callback methods instead.')
        old = sorted(set(old) - {'on_any'})
        if old:
            self._deprecate('implements the following deprecated method(s): %s' % ', '.join(old),
                            'Implement the `v2_*` equivalent callback method(s) instead.')

    def _is_own(self, name):
        base = vars(CallbackBase).get(name)
        return base is not None and getattr(getattr(self, name), '__func__', None) is not base

    def _deprecate(self, what, instead):
        path = sys.modules[type(self).__module__].__file__
        self._display.deprecated('The %r callback plugin %s' % (path, what), version='2.23', help_text=instead,
                                 deprecator={'resolved_name': 'ansible.builtin', 'type': 'callback'})

    # Version 1, called by version 2 where it is not overridden.

    def on_any(self, *args, **kwargs):
        pass

    def runner_on_failed(self, host, res, ignore_errors=False):
        pass

    def runner_on_ok(self, host, res):
        pass

    def runner_on_skipped(self, host, item=None):
        pass

    def runner_on_unreachable(self, host, res):
        pass

    def runner_on_no_hosts(self):
        pass

    def runner_on_async_poll(self, host, res, jid, clock):
        pass

    def runner_on_async_ok(self, host, res, jid):
        pass

    def runner_on_async_failed(self, host, res, jid):
        pass

    def playbook_on_start(self):
        pass

    def playbook_on_notify(self, host, handler):
        pass

    def playbook_on_no_hosts_matched(self):
        pass

    def playbook_on_no_hosts_remaining(self):
        pass

    def playbook_on_task_start(self, name, is_conditional):
        pass

    def playbook_on_play_start(self, name):
        pass

    def playbook_on_stats(self, stats):
        pass

    def on_file_diff(self, host, diff):
        pass

    def v2_on_any(self, *args, **kwargs):
        self.on_any(args, kwargs)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.runner_on_failed(result._host.get_name(), result._result, ignore_errors)

    def v2_runner_on_ok(self, result):
        self.runner_on_ok(result._host.get_name(), result._result)

    def v2_runner_on_skipped(self, result):
        self.runner_on_skipped(result._host.get_name(), self._get_item_label(result._result))

    def v2_runner_on_unreachable(self, result):
        self.runner_on_unreachable(result._host.get_name(), result._result)

    def v2_runner_on_async_poll(self, result):
        self.runner_on_async_poll(result._host.get_name(), result._result, result._result.get('ansible_job_id'), 0)

    def v2_runner_on_async_ok(self, result):
        self.runner_on_async_ok(result._host.get_name(), result._result, result._result.get('ansible_job_id'))

    def v2_runner_on_async_failed(self, result):
        self.runner_on_async_failed(result._host.get_name(), result._result, result._result.get('ansible_job_id'))

    def v2_playbook_on_start(self, playbook):
        self.playbook_on_start()

    def v2_playbook_on_notify(self, handler, host):
        self.playbook_on_notify(host, handler)

    def v2_playbook_on_no_hosts_matched(self):
        self.playbook_on_no_hosts_matched()

    def v2_playbook_on_no_hosts_remaining(self):
        self.playbook_on_no_hosts_remaining()

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.playbook_on_task_start(task.name, is_conditional)

    def v2_playbook_on_cleanup_task_start(self, task):
        pass

    def v2_playbook_on_handler_task_start(self, task):
        pass

    def v2_playbook_on_play_start(self, play):
        self.playbook_on_play_start(play.name)

    def v2_on_file_diff(self, result):
        if 'diff' in result._result:
            self.on_file_diff(result._host.get_name(), result._result['diff'])

    def v2_playbook_on_stats(self, stats):
        self.playbook_on_stats(stats)

    def v2_playbook_on_include(self, included_file):
        pass

    def v2_runner_item_on_ok(self, result):
        pass

    def v2_runner_item_on_failed(self, result):
        pass

    def v2_runner_item_on_skipped(self, result):
        pass

    def v2_runner_retry(self, result):
        pass

    def v2_runner_on_start(self, host, task):
        pass


_VERSION_2 = tuple(name for name in vars(CallbackBase) if name.startswith('v2_'))


class NativeCallback(CallbackBase):
    """A callback of the engine: it shows the event that is being told."""
    _native_name = None

    def _native(self, *args, **_kwargs):
        result = args[0]._result if args and hasattr(args[0], '_result') else None
        if result is not None:
            self._handle_exception(result)
        ENGINE.ask('native_callback', name=self._native_name, result=None if result is None else encode(dict(result)))


for _method in set(_VERSION_2) - {'v2_on_any'}:
    setattr(NativeCallback, _method, NativeCallback._native)
