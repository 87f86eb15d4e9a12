class AnsibleUnsafe:
    __UNSAFE__ = True


class AnsibleUnsafeText(str, AnsibleUnsafe):
    pass


class AnsibleUnsafeBytes(bytes, AnsibleUnsafe):
    pass


def wrap_var(value):
    return value


def to_unsafe_text(value, *args, **kwargs):
    from ansible.module_utils.common.text.converters import to_text
    return to_text(value, *args, **kwargs)
