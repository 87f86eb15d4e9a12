from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        task = self._task.copy()
        task.args = {'_raw_params': 'echo ' + task.args['text'] + ' | tr a-z A-Z'}
        action = self._shared_loader_obj.action_loader.get(
            'ansible.legacy.shell', task=task, connection=self._connection, play_context=self._play_context,
            loader=self._loader, templar=self._templar, shared_loader_obj=self._shared_loader_obj)
        return action.run(task_vars=task_vars)
