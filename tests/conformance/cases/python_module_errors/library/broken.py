#!/usr/bin/python
import sys
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule(argument_spec=dict(how=dict(required=True)))
if module.params['how'] == 'raises':
    raise ValueError('bang')
if module.params['how'] == 'exits':
    sys.exit(3)
module.exit_json()
