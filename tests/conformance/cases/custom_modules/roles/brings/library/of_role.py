#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.role_util import MSG
AnsibleModule(argument_spec={}).exit_json(msg=MSG)
