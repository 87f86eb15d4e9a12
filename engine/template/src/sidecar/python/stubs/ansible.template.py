from ansible.kapell_surroundings import Templar
from kapell_host import Trusted

__all__ = ['Templar', 'accept_args_markers', 'accept_lazy_markers', 'generate_ansible_template_vars',
           'is_trusted_as_template', 'trust_as_template']


def trust_as_template(value):
    return Trusted(value)


def is_trusted_as_template(value):
    return isinstance(value, Trusted)


def accept_args_markers(plugin):
    plugin.accept_args_markers = True
    return plugin


def accept_lazy_markers(plugin):
    plugin.accept_lazy_markers = True
    return plugin


def generate_ansible_template_vars(path, fullpath=None, dest_path=None):
    import datetime
    import os
    return {'template_path': path, 'template_fullpath': fullpath or os.path.abspath(path),
            'template_destpath': dest_path, 'template_run_date': datetime.datetime.now()}
