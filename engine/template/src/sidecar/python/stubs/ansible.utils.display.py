"""Messages to the user."""
import sys
import unicodedata

from kapell_host import ENGINE

# Kinds of plugins whose files have their names; of the others, the collection is known.
_NAMED = ('action', 'become', 'cache', 'callback', 'cliconf', 'connection', 'httpapi', 'inventory', 'lookup', 'modules',
          'netconf', 'shell', 'strategy', 'terminal', 'vars')
_UNNAMED = ('filter', 'test')


def _owner(path):
    """Whose deprecation it is that the code of a file tells of."""
    _, inside, rest = path.rpartition('/ansible_collections/')
    parts = rest.split('/')
    if inside and len(parts) > 4 and parts[2] == 'plugins':
        collection, kind = '.'.join(parts[:2]), parts[3]
        if kind in _UNNAMED:
            return {'resolved_name': collection, 'type': None}
        if kind in _NAMED:
            name = '%s.%s' % (collection, parts[-1].rsplit('.py', 1)[0])
            return {'resolved_name': name, 'type': 'module' if kind == 'modules' else kind}
    return {'resolved_name': None, 'type': None}


def get_text_width(text):
    """How many columns a text takes."""
    wide = {'W': 2, 'F': 2}
    return sum(0 if unicodedata.combining(letter) or unicodedata.category(letter).startswith('C')
               else wide.get(unicodedata.east_asian_width(letter), 1) for letter in text)


class Display:
    verbosity = 0
    columns = 79
    colored = False
    b_cowsay = None

    def __new__(cls, *_args, **_kwargs):
        if '_only' not in cls.__dict__:
            cls._only = super().__new__(cls)
        return cls._only

    def display(self, msg, color=None, stderr=False, screen_only=False, log_only=False, newline=True, **_more):
        if log_only:
            return
        text = str(msg)
        ENGINE.ask('notice', level='info', text=text[:-1] if text.endswith('\n') else text, color=color,
                   stderr=bool(stderr))

    def warning(self, msg, formatted=False, help_text=None, **_more):
        ENGINE.ask('notice', level='warning', text='%s %s' % (msg, help_text) if help_text else str(msg))

    def deprecated(self, msg, version=None, removed=False, date=None, collection_name=None, help_text=None,
                   deprecator=None, **_more):
        if collection_name is None and deprecator is None:
            deprecator = _owner(sys._getframe(1).f_code.co_filename)
        due = {'date': str(date)} if date else {'version': version}
        ENGINE.ask('notice', level='deprecated', msg=str(msg), collection_name=collection_name, deprecator=deprecator,
                   help_text=help_text, **due)

    def error(self, msg, wrap_text=True, **_more):
        ENGINE.ask('notice', level='warning', text=str(msg))

    def verbose(self, msg, host=None, caplevel=2):
        text = str(msg) if host is None else '<%s> %s' % (host, msg)
        ENGINE.ask('notice', level='verbose%d' % (caplevel + 1), text=text)

    def debug(self, msg, host=None):
        pass

    def banner(self, msg, color=None, **_more):
        text = str(msg).strip()
        self.display('\n%s %s' % (text, '*' * max(self.columns - len(text), 3)), color=color)

    def v(self, msg, host=None):
        self.verbose(msg, host, 0)

    def vv(self, msg, host=None):
        self.verbose(msg, host, 1)

    def vvv(self, msg, host=None):
        self.verbose(msg, host, 2)

    def vvvv(self, msg, host=None):
        self.verbose(msg, host, 3)

    def vvvvv(self, msg, host=None):
        self.verbose(msg, host, 4)

    def vvvvvv(self, msg, host=None):
        self.verbose(msg, host, 5)


display = Display()
