from ansible.module_utils.basic import AnsibleModule
AnsibleModule(argument_spec={}).exit_json(still='here')
