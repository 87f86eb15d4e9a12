"""JSON in the middle of other lines."""
import json  # noqa: F401


def _filter_non_json_lines(data, objects_only=False):
    """The JSON in `data`, without the lines around it; warnings about what follows."""
    warnings = []
    lines = data.splitlines()
    marks = ('{',) if objects_only else ('{', '[')
    start = next((at for at, line in enumerate(lines) if line.strip().startswith(marks)), None)
    if start is None:
        raise ValueError('No start of json char found')
    lines = lines[start:]
    closing = '}' if lines[0].strip().startswith('{') else ']'
    end = next((at for at in range(len(lines) - 1, -1, -1) if lines[at].strip().endswith(closing)), None)
    if end is None:
        raise ValueError('No end of json char found')
    if end < len(lines) - 1:
        warnings.append('Module invocation had junk after the JSON data: %s' % '\n'.join(lines[end + 1:]))
    return '\n'.join(lines[:end + 1]), warnings
