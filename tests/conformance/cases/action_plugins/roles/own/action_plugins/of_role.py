from ansible.plugins.action.normal import ActionModule as Normal


class ActionModule(Normal):
    def run(self, tmp=None, task_vars=None):
        result = self._execute_module('ping', {'data': self._task.args['data']}, task_vars=task_vars)
        result['role'] = self._task._role.get_name()
        return result
