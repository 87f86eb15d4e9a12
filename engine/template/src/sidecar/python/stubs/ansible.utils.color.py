"""Colours of what is shown."""
import re

from ansible import constants as C
from ansible.utils.display import Display

ANSIBLE_COLOR = Display.colored


def parsecolor(color):
    """The parameters of the escape sequence of a colour: by name, `color8`, `rgb255` or `gray7`."""
    if color in C.COLOR_CODES:
        return C.COLOR_CODES[color]
    found = re.match(r'color(\d+)$|rgb([0-5])([0-5])([0-5])$|gray(\d+)$', color)
    if not found:
        raise KeyError(color)
    number, red, green, blue, gray = found.groups()
    if number:
        return '38;5;%s' % number
    return '38;5;%d' % (232 + int(gray) if gray else 16 + 36 * int(red) + 6 * int(green) + int(blue))


def stringc(text, color, wrap_nonvisible_chars=False):
    if not ANSIBLE_COLOR or not color:
        return text
    form = '\033[%sm%s\033[0m'
    if wrap_nonvisible_chars:
        form = '\001\033[%sm\002%s\001\033[0m\002'
    code = parsecolor(color)
    return '\n'.join(form % (code, line) for line in str(text).split('\n'))


def colorize(lead, num, color):
    text = '%s=%-4s' % (lead, num)
    return stringc(text, color) if num and color else text


def hostcolor(host, stats, color=True):
    if not color or not ANSIBLE_COLOR:
        return '%-26s' % host
    if stats['failures'] or stats['unreachable']:
        shown = C.COLOR_ERROR
    else:
        shown = C.COLOR_CHANGED if stats['changed'] else C.COLOR_OK
    return '%-37s' % stringc(host, shown)
