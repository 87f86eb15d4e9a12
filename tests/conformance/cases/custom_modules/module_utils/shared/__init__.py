from ansible.module_utils.shared.inner import WORD


def said():
    return b'shared ' + WORD
