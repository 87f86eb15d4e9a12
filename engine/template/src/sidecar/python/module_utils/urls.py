"""Requests over HTTP."""
import base64
import email.utils
import os
import ssl
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from http import cookiejar
from urllib.request import HTTPRedirectHandler, Request  # noqa: F401

from ansible.module_utils.common.text.converters import to_bytes, to_native
from ansible.module_utils.parsing.convert_bool import boolean  # noqa: F401

USER_AGENT = 'ansible-httpget'
ConnectionError = OSError
SSLValidationError = ssl.SSLError


class NoSSLError(Exception):
    pass


class _Method(urllib.request.Request):
    def __init__(self, url, method, **kwargs):
        super().__init__(url, **kwargs)
        self._method = method

    def get_method(self):
        return self._method or super().get_method()


class _Redirects(urllib.request.HTTPRedirectHandler):
    def __init__(self, follow):
        self.follow = str(follow).lower()

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if self.follow in ('no', 'none', 'false'):
            raise urllib.error.HTTPError(newurl, code, msg, headers, fp)
        if self.follow == 'safe' and req.get_method() not in ('GET', 'HEAD'):
            raise urllib.error.HTTPError(newurl, code, msg, headers, fp)
        method = req.get_method()
        kept = self.follow in ('all', 'yes', 'true') and code in (307, 308)
        if not kept and method != 'HEAD':
            method = 'GET'
        own = {key: value for key, value in req.headers.items()
               if key.lower() not in ('content-length', 'content-type', 'transfer-encoding') or kept}
        return _Method(newurl.replace(' ', '%20'), method, data=req.data if kept else None, headers=own,
                       origin_req_host=req.origin_req_host, unverifiable=True)


def make_context(cafile=None, cadata=None, capath=None, ciphers=None, validate_certs=True, client_cert=None,
                 client_key=None):
    context = ssl.create_default_context(cafile=cafile, cadata=cadata)
    if not validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if ciphers:
        context.set_ciphers(':'.join(ciphers))
    if client_cert:
        context.load_cert_chain(client_cert, keyfile=client_key)
    return context


def basic_auth_header(username, password):
    return b"Basic %s" % base64.b64encode(to_bytes("%s:%s" % (username or '', password or '')))


def open_url(url, data=None, headers=None, method=None, use_proxy=True, force=False, last_mod_time=None, timeout=10,
             validate_certs=True, url_username=None, url_password=None, http_agent=None, force_basic_auth=False,
             follow_redirects='urllib2', client_cert=None, client_key=None, cookies=None, use_gssapi=False,
             unix_socket=None, ca_path=None, unredirected_headers=None, decompress=True, ciphers=None,
             use_netrc=True):
    """The response; HTTPError for codes from 400 on."""
    parsed = urllib.parse.urlparse(url)
    if parsed.username is not None and url_username is None:
        url_username = urllib.parse.unquote(parsed.username)
        url_password = urllib.parse.unquote(parsed.password or '')
        url = parsed._replace(netloc=parsed.netloc.rpartition('@')[2]).geturl()
    handlers = [_Redirects(follow_redirects),
                urllib.request.HTTPSHandler(context=make_context(
                    cafile=ca_path, ciphers=ciphers, validate_certs=validate_certs, client_cert=client_cert,
                    client_key=client_key))]
    if not use_proxy:
        handlers.append(urllib.request.ProxyHandler({}))
    if cookies is not None:
        handlers.append(urllib.request.HTTPCookieProcessor(cookies))
    request = _Method(url, method.upper() if method else None, data=to_bytes(data, nonstring='passthru'))
    request.add_header('User-agent', http_agent or USER_AGENT)
    if url_username:
        if force_basic_auth:
            request.add_header('Authorization', to_native(basic_auth_header(url_username, url_password)))
        else:
            passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
            passwords.add_password(None, url, url_username, url_password)
            handlers += [urllib.request.HTTPBasicAuthHandler(passwords),
                         urllib.request.HTTPDigestAuthHandler(passwords)]
    if force:
        request.add_header('cache-control', 'no-cache')
    elif last_mod_time:
        request.add_header('If-Modified-Since', email.utils.format_datetime(last_mod_time))
    for key, value in (headers or {}).items():
        if key in (unredirected_headers or []):
            request.add_unredirected_header(key, value)
        else:
            request.add_header(key, value)
    return urllib.request.build_opener(*handlers).open(request, timeout=timeout)


def url_argument_spec():
    return dict(
        url=dict(type='str'),
        force=dict(type='bool', default=False),
        http_agent=dict(type='str', default=USER_AGENT),
        use_proxy=dict(type='bool', default=True),
        validate_certs=dict(type='bool', default=True),
        url_username=dict(type='str'),
        url_password=dict(type='str', no_log=True),
        force_basic_auth=dict(type='bool', default=False),
        client_cert=dict(type='path'),
        client_key=dict(type='path'),
        use_gssapi=dict(type='bool', default=False),
    )


def url_redirect_argument_spec():
    return dict(follow_redirects=dict(type='str', default='safe', choices=['all', 'no', 'none', 'safe', 'urllib2',
                                                                           'yes']))


def fetch_url(module, url, data=None, headers=None, method=None, use_proxy=None, force=False, last_mod_time=None,
              timeout=10, use_gssapi=False, unix_socket=None, ca_path=None, cookies=None, unredirected_headers=None,
              decompress=True, ciphers=None, use_netrc=True):
    """The response, or none; and what is known of it: status, url, msg and the headers in lower case."""
    params = module.params
    jar = cookies if cookies is not None else cookiejar.CookieJar()
    info = dict(url=url, status=-1)
    response = None
    try:
        response = open_url(
            url, data=data, headers=headers, method=method,
            use_proxy=params.get('use_proxy', True) if use_proxy is None else use_proxy, force=force,
            last_mod_time=last_mod_time, timeout=timeout, validate_certs=params.get('validate_certs', True),
            url_username=params.get('url_username', ''), url_password=params.get('url_password', ''),
            http_agent=params.get('http_agent', USER_AGENT), force_basic_auth=params.get('force_basic_auth', False),
            follow_redirects=params.get('follow_redirects', 'urllib2'), client_cert=params.get('client_cert'),
            client_key=params.get('client_key'), cookies=jar, ca_path=ca_path,
            unredirected_headers=unredirected_headers, ciphers=ciphers)
        info.update(_lower(response.headers))
        info.update(cookies={cookie.name: cookie.value for cookie in jar},
                    cookies_string='; '.join('%s=%s' % (cookie.name, cookie.value) for cookie in jar),
                    msg='OK (%s bytes)' % response.headers.get('Content-Length', 'unknown'), url=response.geturl(),
                    status=response.code)
    except urllib.error.HTTPError as error:
        response = error
        try:
            info['body'] = error.read()
        except (OSError, AttributeError):
            info['body'] = ''
        info.update(_lower(error.headers))
        info.update(msg=to_native(error), status=error.code)
    except ValueError as error:
        module.fail_json(msg=to_native(error), **info)
    except (urllib.error.URLError, OSError) as error:
        code = int(getattr(error, 'code', -1) or -1)
        reason = getattr(error, 'reason', error)
        info.update(msg="Request failed: %s" % to_native(error if reason is error else error), status=code)
    except Exception as error:
        info.update(msg="An unknown error occurred: %s" % to_native(error), status=-1)
    return response, info


def _lower(headers):
    found = {}
    for key, value in (headers or {}).items():
        key = key.lower()
        found[key] = '%s, %s' % (found[key], value) if key in found else value
    return found


def fetch_file(module, url, data=None, headers=None, method=None, use_proxy=True, force=False, last_mod_time=None,
               timeout=10, unredirected_headers=None, decompress=True, ciphers=None):
    """The path of a file with the response, removed when the module ends."""
    suffix = os.path.splitext(os.path.basename(urllib.parse.urlparse(url).path))[1]
    file = tempfile.NamedTemporaryFile(dir=module.tmpdir, suffix=suffix, delete=False)
    module.add_cleanup_file(file.name)
    response, info = fetch_url(module, url, data, headers, method, use_proxy, force, last_mod_time, timeout,
                               unredirected_headers=unredirected_headers)
    if not response or info['status'] >= 400:
        module.fail_json(msg="Failure downloading %s, %s" % (url, info['msg']))
    with file:
        for block in iter(lambda: response.read(64 * 1024), b''):
            file.write(block)
    return file.name


def generic_urlparse(parts):
    return parts


def prepare_multipart(fields):
    """Content type and body of a form with files."""
    boundary = '==%s==' % base64.b16encode(os.urandom(8)).decode()
    body = []
    for name, value in fields.items():
        value = value if isinstance(value, dict) else {'content': value}
        head = 'Content-Disposition: form-data; name="%s"' % name
        content = value.get('content')
        if value.get('filename'):
            head += '; filename="%s"' % os.path.basename(value['filename'])
            if content is None:
                with open(value['filename'], 'rb') as file:
                    content = file.read()
        kind = value.get('mime_type', 'application/octet-stream' if value.get('filename') else 'text/plain')
        body += [b'--' + to_bytes(boundary), to_bytes(head), to_bytes('Content-Type: %s' % kind), b'',
                 to_bytes(content or '')]
    body += [b'--' + to_bytes(boundary) + b'--', b'']
    return 'multipart/form-data; boundary="%s"' % boundary, b'\r\n'.join(body)
