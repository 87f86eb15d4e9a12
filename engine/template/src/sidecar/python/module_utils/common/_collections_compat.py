"""The old place of the abstract collections."""
from collections.abc import *
