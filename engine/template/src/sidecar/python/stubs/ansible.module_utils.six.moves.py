import builtins
import configparser
import functools
import io
import itertools
import pickle as cPickle
import queue
from builtins import filter, input, map, range, zip
from functools import reduce
from io import StringIO
from itertools import filterfalse, zip_longest
from shlex import quote as shlex_quote

xrange = range
