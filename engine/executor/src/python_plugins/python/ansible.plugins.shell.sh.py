from ansible.plugins.shell import ShellBase


class ShellModule(ShellBase):
    pass
