from urllib.parse import *
from urllib.parse import unquote_to_bytes, urlparse
