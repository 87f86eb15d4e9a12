#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule(argument_spec={})
module.exit_json(changed=False, warnings=['careful'], deprecations=['alone', ('with a version', '4')])
