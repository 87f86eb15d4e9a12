import shlex


def split_args(args):
    return shlex.split(args, posix=False)


def parse_kv(args, check_raw=False):
    options, rest = {}, []
    for word in shlex.split(args or ''):
        key, equals, value = word.partition('=')
        if equals:
            options[key.strip()] = value
        else:
            rest.append(word)
    if rest:
        options['_raw_params'] = ' '.join(rest)
    return options
