"""What plugins take from inside of ansible-core."""
__path__ = []
