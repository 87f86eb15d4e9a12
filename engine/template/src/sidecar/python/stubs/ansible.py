"""A small `ansible` for plugins on a control node without ansible-core, made from the developer documentation."""
__version__ = '2.19.0'
__author__ = 'Kapell'
