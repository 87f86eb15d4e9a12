"""Which release of ansible-core the offered functions follow."""
__version__ = '2.19.14'
__author__ = ''
__codename__ = ''
