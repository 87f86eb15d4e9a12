try:
    from yaml import SafeLoader as AnsibleLoader
except ImportError:
    AnsibleLoader = None
