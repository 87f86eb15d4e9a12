"""HTTP for lookups."""
import urllib.error
import urllib.request


class ConnectionError(Exception):
    pass


class SSLValidationError(ConnectionError):
    pass


def open_url(url, data=None, headers=None, method=None, use_proxy=True, force=False, last_mod_time=None, timeout=10,
             validate_certs=True, url_username=None, url_password=None, http_agent='ansible-httpget',
             force_basic_auth=False, **_more):
    import base64
    import ssl
    request = urllib.request.Request(url, data=data, headers={'User-agent': http_agent, **(headers or {})}, method=method)
    if url_username is not None:
        login = base64.b64encode(('%s:%s' % (url_username, url_password or '')).encode()).decode()
        request.add_header('Authorization', 'Basic ' + login)
    context = None if validate_certs else ssl._create_unverified_context()
    handlers = [urllib.request.HTTPSHandler(context=context)] if context or url.startswith('https') else []
    if not use_proxy:
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers).open(request, timeout=timeout)
