"""What /etc/os-release says."""
import shlex


def os_release_info():
    info = {}
    for path in ('/etc/os-release', '/usr/lib/os-release'):
        try:
            with open(path, encoding='utf-8', errors='replace') as lines:
                for line in lines:
                    key, mark, value = line.strip().partition('=')
                    if mark and not key.startswith('#'):
                        info[key.lower()] = ' '.join(shlex.split(value))
            break
        except (OSError, ValueError):
            continue
    return info


def os_release_attr(attribute):
    return os_release_info().get(attribute, '')


def id():
    return os_release_attr('id').lower()


def name(pretty=False):
    return os_release_attr('pretty_name' if pretty else 'name')


def version(pretty=False, best=False):
    return os_release_attr('version_id')


def codename():
    return os_release_attr('version_codename')


def like():
    return os_release_attr('id_like')


def info(pretty=False, best=False):
    major, _, minor = version().partition('.')
    return {'id': id(), 'version': version(), 'like': like(), 'codename': codename(),
            'version_parts': {'major': major, 'minor': minor, 'build_number': ''}}
