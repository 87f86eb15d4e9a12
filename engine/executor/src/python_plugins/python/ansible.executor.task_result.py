"""What a task did on a host, as callbacks see it."""
import copy


class CallbackTaskResult:
    def __init__(self, host, task, return_data, task_fields=None, error_text=None):
        self._host = self.host = host
        self._task = self.task = task
        self._result = self.result = return_data
        self._task_fields = self.task_fields = task_fields or {}
        # What the error stream says of a failure.
        self._error_text = error_text

    @property
    def task_name(self):
        return self._task_fields.get('name') or self._task.get_name()

    @property
    def exception(self):
        return self._result.get('exception')

    @property
    def warnings(self):
        return self._result.get('warnings') or []

    @property
    def deprecations(self):
        return self._result.get('deprecations') or []

    def is_changed(self):
        return self._flag('changed')

    def is_skipped(self):
        results = self._result.get('results')
        if results and all(isinstance(item, dict) for item in results):
            return all(item.get('skipped') for item in results)
        return bool(self._result.get('skipped'))

    def is_failed(self):
        return bool(self._result.get('failed_when_result')) or self._flag('failed')

    def is_unreachable(self):
        return self._flag('unreachable')

    def needs_debugger(self, *_args, **_kwargs):
        return False

    def _flag(self, name):
        if self._result.get(name):
            return True
        return any(isinstance(item, dict) and item.get(name) for item in self._result.get('results') or ())

    def copy(self):
        return CallbackTaskResult(self._host, self._task, copy.copy(self._result), self._task_fields,
                                  self._error_text)

    def clean_copy(self):
        return self.copy()


TaskResult = CallbackTaskResult
