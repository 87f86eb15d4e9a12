from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        return {'greeting': 'hello ' + self._task.args.get('name', 'world'), 'module': __name__.split('.')[-1]}
