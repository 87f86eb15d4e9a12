try:
    from yaml import SafeDumper

    class AnsibleDumper(SafeDumper):
        pass
except ImportError:
    AnsibleDumper = None
