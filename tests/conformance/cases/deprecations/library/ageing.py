#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule(argument_spec={
    'old': {'type': 'str', 'removed_in_version': '9.0', 'removed_from_collection': 'acme.web'},
    'dated': {'type': 'str', 'removed_at_date': '2060-01-01', 'removed_from_collection': 'acme.web'},
    'name': {'type': 'str', 'aliases': ['title'],
             'deprecated_aliases': [{'name': 'title', 'version': '4.0', 'collection_name': 'acme.web'}]},
})
module.deprecate('of nothing more')
module.deprecate('of a version', version='3.0')
module.deprecate('of a collection', version='3.0', collection_name='acme.web')
module.deprecate('of a date', date='2061-02-03', collection_name='acme.web')
module.deprecate('of the core', version='2.25', collection_name='ansible.builtin')
module.exit_json(changed=False)
