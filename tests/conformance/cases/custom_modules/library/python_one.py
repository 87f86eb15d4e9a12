#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.shared import said, nested


def main():
    module = AnsibleModule(
        argument_spec=dict(
            count=dict(type='int', required=True),
            names=dict(type='list', elements='str', aliases=['people']),
            choice=dict(type='str', choices=['x', 'y'], default='x'),
            secret=dict(type='str', no_log=True),
            one=dict(), other=dict(),
            sub=dict(type='dict', options=dict(deep=dict(type='int'), more=dict(default='m'))),
        ),
        mutually_exclusive=[('one', 'other')],
        required_if=[('choice', 'y', ['one'])],
        supports_check_mode=True,
    )
    if module.params['count'] < 0:
        module.fail_json(msg='negative', rc=9, extra=[1])
    module.exit_json(changed=not module.check_mode, params=module.params, shared=to_text(said()) + nested.MARK,
                     check=module.check_mode, echo='it is %s' % module.params['secret'])


if __name__ == '__main__':
    main()
