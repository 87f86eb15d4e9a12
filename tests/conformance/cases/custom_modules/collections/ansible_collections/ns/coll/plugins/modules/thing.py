#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ns.coll.plugins.module_utils.util import wrap
from ..module_utils import other
module = AnsibleModule(argument_spec=dict(v=dict(type='int')))
module.exit_json(msg=wrap(module.params['v']) + other.TAIL)
