"""Names that moved between the standard libraries of two Pythons."""
import builtins  # noqa: F401
import configparser  # noqa: F401
import http.client as http_client  # noqa: F401
import http.cookiejar as http_cookiejar  # noqa: F401
import http.cookies as http_cookies  # noqa: F401
import pickle as cPickle  # noqa: F401
import queue  # noqa: F401
import shlex
import sys
import urllib
import urllib.error
import urllib.parse
import urllib.request
import urllib.response
import urllib.robotparser
from functools import reduce  # noqa: F401
from importlib import reload as reload_module  # noqa: F401
from io import StringIO  # noqa: F401
from itertools import filterfalse, zip_longest  # noqa: F401

filter = builtins.filter
input = builtins.input
map = builtins.map
range = builtins.range
xrange = builtins.range
zip = builtins.zip
intern = sys.intern
shlex_quote = shlex.quote
UserDict = __import__('collections').UserDict
# `from ansible.module_utils.six.moves.urllib.parse import urlparse` goes through the real modules.
__path__ = []
for _name in ('error', 'parse', 'request', 'response', 'robotparser'):
    sys.modules[__name__ + '.urllib.' + _name] = getattr(urllib, _name)
sys.modules[__name__ + '.urllib'] = urllib
for _name, _module in (('http_client', http_client), ('configparser', configparser), ('queue', queue)):
    sys.modules[__name__ + '.' + _name] = _module
urllib_error = urllib.error
urllib_parse = urllib.parse
