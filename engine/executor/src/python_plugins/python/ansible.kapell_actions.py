"""Runs action plugins: makes what they find around them and reads what they give."""
from kapell_host import ENGINE, PLUGINS, decode, encode
from ansible.errors import AnsibleActionFail, AnsibleActionSkip, AnsibleError
from ansible.kapell_connection import connection_for
from ansible.kapell_surroundings import Loader, Templar
from ansible.kapell_task import PlayContext, Task, TaskVariables
from ansible.plugins.loader import SHARED


def run(request):
    variables = TaskVariables()
    task = Task(decode(request['task']))
    context = PlayContext(decode(request['context']))
    templar = Templar(variables)
    connection = connection_for(decode(request['connection']), context)
    kind = PLUGINS.module(request['file'], 'action', request.get('package')).ActionModule
    if '_raw_params' in task.args and not getattr(kind, 'supports_raw_params', False):
        raise AnsibleError('Action %r does not support raw params.' % task.action)
    action = kind(task=task, connection=connection, play_context=context, loader=Loader(), templar=templar,
                  shared_loader_obj=SHARED)
    action._load_name = action.ansible_name = request['name']
    try:
        result = outcome(action, variables)
    finally:
        finish(action)
    return encode(result)


def outcome(action, variables):
    try:
        result = action.run(task_vars=variables)
    except AnsibleActionSkip as skip:
        return {'skipped': True, 'msg': str(skip), **getattr(skip, 'result', {})}
    except AnsibleActionFail as failure:
        return {'failed': True, 'msg': str(failure), 'kapell_raised': True, **getattr(failure, 'result', {})}
    if not hasattr(result, 'keys'):
        raise AnsibleError('the action gave %s, not a dict' % type(result).__name__)
    return result


def finish(action):
    try:
        action.cleanup()
    except Exception as error:
        ENGINE.ask('notice', level='verbose3', text='the action could not clean up: %s' % error)
