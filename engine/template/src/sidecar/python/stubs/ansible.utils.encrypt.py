import random
import string


def random_password(length=20, chars=string.ascii_letters + string.digits + '.,:-_', seed=None):
    source = random.SystemRandom() if seed is None else random.Random(seed)
    return ''.join(source.choice(chars) for _at in range(length))


def random_salt(length=8):
    return random_password(length, string.ascii_letters + string.digits + './')


def do_encrypt(result, encrypt, salt_size=None, salt=None, ident=None, rounds=None):
    from kapell_host import ENGINE
    return ENGINE.filter('password_hash', result, encrypt, salt=salt, salt_size=salt_size, rounds=rounds, ident=ident)


def passlib_or_crypt(secret, algorithm, salt=None, salt_size=None, rounds=None, ident=None):
    return do_encrypt(secret, algorithm, salt_size, salt, ident, rounds)
