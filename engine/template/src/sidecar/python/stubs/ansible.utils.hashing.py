import hashlib


def secure_hash_s(data, hash_func=hashlib.sha1):
    return hash_func(data.encode() if isinstance(data, str) else data).hexdigest()


def secure_hash(filename, hash_func=hashlib.sha1):
    digest = hash_func()
    with open(filename, 'rb') as file:
        for block in iter(lambda: file.read(65536), b''):
            digest.update(block)
    return digest.hexdigest()


checksum, checksum_s = secure_hash, secure_hash_s


def md5s(data):
    return secure_hash_s(data, hashlib.md5)


def md5(filename):
    return secure_hash(filename, hashlib.md5)
