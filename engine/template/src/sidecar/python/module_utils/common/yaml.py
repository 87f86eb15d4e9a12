"""PyYAML, where the node has it."""
try:
    import yaml
    HAS_YAML = True
except ImportError:
    yaml = None
    HAS_YAML = False

HAS_LIBYAML = bool(HAS_YAML and getattr(yaml, '__with_libyaml__', False))
if HAS_YAML:
    SafeLoader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
    SafeDumper = getattr(yaml, 'CSafeDumper', yaml.SafeDumper)
    Parser = getattr(yaml, 'CParser', yaml.parser.Parser)

    def yaml_load(data):
        return yaml.load(data, Loader=SafeLoader)

    def yaml_load_all(data):
        return yaml.load_all(data, Loader=SafeLoader)

    def yaml_dump(data, **kwargs):
        return yaml.dump(data, Dumper=SafeDumper, **kwargs)

    def yaml_dump_all(data, **kwargs):
        return yaml.dump_all(data, Dumper=SafeDumper, **kwargs)
