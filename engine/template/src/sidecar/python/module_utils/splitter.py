"""Splits and unquotes command arguments."""
import shlex


def split_args(args):
    lexer = shlex.shlex(args, posix=False)
    lexer.whitespace_split = True
    lexer.commenters = ''
    return list(lexer)


def is_quoted(data):
    return len(data) > 1 and data[0] == data[-1] and data[0] in ('"', "'")


def unquote(data):
    return data[1:-1] if is_quoted(data) else data
