from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        result['deprecations'] = [{'msg': 'of an action'},
                                  {'msg': 'of a collection', 'version': '1.2', 'collection_name': 'acme.web'}]
        return result
