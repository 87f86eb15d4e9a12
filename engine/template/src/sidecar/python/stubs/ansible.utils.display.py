"""Messages to the user."""
from kapell_host import ENGINE


class Display:
    verbosity = 0
    columns = 79

    def __new__(cls, *_args, **_kwargs):
        if '_only' not in cls.__dict__:
            cls._only = super().__new__(cls)
        return cls._only

    def display(self, msg, color=None, stderr=False, screen_only=False, log_only=False, newline=True, **_more):
        if not log_only:
            ENGINE.ask('notice', level='info', text=str(msg), color=color, stderr=bool(stderr))

    def warning(self, msg, formatted=False, **_more):
        ENGINE.ask('notice', level='warning', text=str(msg))

    def deprecated(self, msg, version=None, removed=False, date=None, collection_name=None, **_more):
        ENGINE.ask('notice', level='deprecated', text=str(msg))

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
