from ansible.plugins.callback import NativeCallback


class CallbackModule(NativeCallback):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'stdout'
    CALLBACK_NAME = 'default'
    _native_name = 'default'
