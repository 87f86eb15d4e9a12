class AnsibleMapping(dict):
    pass


class AnsibleSequence(list):
    pass


class AnsibleUnicode(str):
    pass


class AnsibleVaultEncryptedUnicode(str):
    pass
