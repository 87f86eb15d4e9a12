__version__ = '2.19.0'
__author__ = 'Kapell'
__codename__ = 'Kapell'
