def missing_required_lib(library, reason=None, url=None):
    text = 'Failed to import the required Python library (%s) on the control node.' % library
    return text + (' This is required %s.' % reason if reason else '') + (' See %s for more info.' % url if url else '')


def _load_params():
    raise NotImplementedError('modules do not run here')
