"""Which system this is."""
import platform

from ansible.module_utils import distro


def get_distribution():
    if platform.system() != 'Linux':
        return platform.system()
    name = distro.id().capitalize()
    return {'Amzn': 'Amazon', 'Rhel': 'Redhat', '': 'OtherLinux', 'Ol': 'Oracle'}.get(name, name)


def get_distribution_version():
    return distro.version() if platform.system() == 'Linux' else None


def get_distribution_codename():
    return (distro.codename() or None) if platform.system() == 'Linux' else None


def get_platform_subclass(cls):
    """The subclass for this platform and distribution, else for this platform, else the class itself."""
    def below(start):
        for direct in start.__subclasses__():
            yield direct
            yield from below(direct)

    system, distribution = platform.system(), get_distribution()
    classes = list(below(cls))
    for wanted in (distribution, None):
        for candidate in classes:
            if getattr(candidate, 'distribution', None) == wanted and getattr(candidate, 'platform', None) == system:
                return candidate
    return cls
