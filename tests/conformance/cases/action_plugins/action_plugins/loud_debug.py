from ansible.plugins.action.debug import ActionModule as Debug


class ActionModule(Debug):
    def run(self, tmp=None, task_vars=None):
        self._task.args['msg'] = self._task.args['msg'].upper()
        return super().run(tmp, task_vars)
