import functools

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = '''
name: everything
type: aggregate
short_description: tells of all methods
description: [tells of all methods]
options: {}
'''


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'everything'

    def __init__(self):
        super().__init__()
        for name in [name for name in dir(self) if name.startswith('v2_')]:
            setattr(self, name, functools.partial(self.tell, name))

    def tell(self, name, *args, **more):
        self._display.display('told of %s (%d, %s)' % (name, len(args), sorted(more)))
