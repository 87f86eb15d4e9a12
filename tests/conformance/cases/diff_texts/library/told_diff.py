#!/usr/bin/python
"""Returns the diff it is given."""
from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule(argument_spec={"diff": {"type": "raw"}})
module.exit_json(changed=True, diff=module.params["diff"])
