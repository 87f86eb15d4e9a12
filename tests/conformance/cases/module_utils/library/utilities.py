#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict, snake_dict_to_camel_dict
from ansible.module_utils.common.network import to_bits, to_subnet
from ansible.module_utils.common.text.formatters import bytes_to_human, human_to_bytes


def main():
    module = AnsibleModule({'names': {'type': 'dict', 'required': True}}, supports_check_mode=True)
    module.exit_json(
        snake=camel_dict_to_snake_dict(module.params['names']), camel=snake_dict_to_camel_dict(module.params['names']),
        bits=to_bits('255.255.240.0'), subnet=to_subnet('192.168.77.3', 20),
        size=human_to_bytes('1.5 megabyte'), words=bytes_to_human(1572864),
    )


if __name__ == '__main__':
    main()
