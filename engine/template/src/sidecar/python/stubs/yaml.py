"""Reading and writing YAML by the engine, for control nodes without PyYAML."""


class YAMLError(Exception):
    pass


class SafeLoader:
    pass


class SafeDumper:
    @classmethod
    def add_representer(cls, kind, representer):
        pass


CSafeLoader, CSafeDumper = SafeLoader, SafeDumper


def safe_load(stream):
    from kapell_host import ENGINE
    text = stream.read() if hasattr(stream, 'read') else stream
    return ENGINE.ask('yaml', text=text.decode() if isinstance(text, bytes) else text)


def safe_load_all(stream):
    from kapell_host import ENGINE
    text = stream.read() if hasattr(stream, 'read') else stream
    return ENGINE.filter('from_yaml_all', text)


def load(stream, Loader=None):
    return safe_load(stream)


def dump(data, stream=None, Dumper=None, **options):
    from kapell_host import ENGINE
    options.setdefault('default_flow_style', False)
    text = ENGINE.filter('to_yaml', data, **options)
    return text if stream is None else stream.write(text)


safe_dump = dump
