"""Sizes for people, and lists in sentences."""
import re

SIZE_RANGES = {
    'Y': 1 << 80, 'Z': 1 << 70, 'E': 1 << 60, 'P': 1 << 50, 'T': 1 << 40, 'G': 1 << 30, 'M': 1 << 20, 'K': 1 << 10,
    'B': 1,
}
_WORDS = {
    'Y': 'yotta', 'Z': 'zeta', 'E': 'exa', 'P': 'peta', 'T': 'tera', 'G': 'giga', 'M': 'mega', 'K': 'kilo', 'B': '',
}


def lenient_lowercase(lst):
    return [item.lower() if hasattr(item, 'lower') else item for item in lst]


def human_to_bytes(number, default_unit=None, isbits=False):
    """`10M` as a number of bytes, or of bits."""
    match = re.match(r'^([0-9]*\.?[0-9]+)\s*([A-Za-z]+)?\s*$', str(number))
    if match is None:
        raise ValueError("human_to_bytes() can't interpret following string: %s" % number)
    value = float(match.group(1))
    unit = match.group(2) or default_unit
    if not unit:
        return int(round(value))
    letter = unit[0].upper()
    if letter not in SIZE_RANGES:
        raise ValueError("human_to_bytes() failed to convert %s (unit = %s). The suffix must be one of %s"
                         % (number, unit, ', '.join(SIZE_RANGES)))
    short, word = ('b', 'bit') if isbits else ('B', 'byte')
    expected = (short, word) if letter == 'B' else (letter + short, letter)
    if len(unit) > 1 and unit not in expected and unit.lower() != _WORDS[letter] + word:
        raise ValueError("human_to_bytes() failed to convert %s. Value is not a valid string (expect %s or %s)"
                         % ((number,) + expected))
    return int(round(value * SIZE_RANGES[letter]))


def bytes_to_human(size, isbits=False, unit=None):
    base = 'bits' if isbits else 'Bytes'
    for suffix, limit in sorted(SIZE_RANGES.items(), key=lambda item: -item[1]):
        if (unit is None and size >= limit) or (unit is not None and unit.upper() == suffix[0]):
            break
    if limit != 1:
        suffix += base[0]
    else:
        suffix = base
    return '%.2f %s' % (size / limit, suffix)
