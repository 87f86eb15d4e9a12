"""Runs the cache plugin that keeps facts."""
from kapell_host import decode, encode
from ansible.plugins.cache import cache_of

CACHES = []


def open_cache(request):
    CACHES[:] = [cache_of(request['name'], {})]


def read(request):
    """What is kept under each of the keys that are known."""
    found, cache = {}, CACHES[0]
    for key in request['keys']:
        try:
            if cache.contains(key):
                found[key] = cache.get(key)
        except KeyError:
            pass
    return encode(found)


def write(request):
    """Keeps something, or forgets what was kept."""
    cache, key = CACHES[0], request['key']
    if request['kept'] is not None:
        cache.set(key, decode(request['kept']))
        return
    try:
        cache.delete(key)
    except KeyError:
        pass
