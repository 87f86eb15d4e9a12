#!/usr/bin/python
from ansible.module_utils.nowhere_to_be_found import x
from ansible.module_utils.basic import AnsibleModule
AnsibleModule(argument_spec={}).exit_json()
