#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.acme.web.plugins.module_utils.helping import help_out

module = AnsibleModule(argument_spec={})
module.deprecate('of a module', version='3.0')
help_out(module)
module.exit_json(changed=False)
