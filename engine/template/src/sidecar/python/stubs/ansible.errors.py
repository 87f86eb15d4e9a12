"""Exceptions plugins raise and catch."""


class AnsibleError(Exception):
    def __init__(self, message='', obj=None, show_content=True, suppress_extended_error=False, orig_exc=None,
                 help_text=None):
        super().__init__(message)
        self._message = str(message)
        self.obj = obj
        self.orig_exc = orig_exc
        self.help_text = help_text

    @property
    def message(self):
        cause = self.orig_exc
        if cause is not None and str(cause) and str(cause) not in self._message:
            return '%s: %s' % (self._message.rstrip('. '), cause)
        return self._message

    def __str__(self):
        return self.message

    def __repr__(self):
        return self.message


class AnsibleAssertionError(AnsibleError, AssertionError):
    pass


class AnsibleOptionsError(AnsibleError):
    pass


class AnsibleRequiredOptionError(AnsibleOptionsError):
    pass


class AnsibleParserError(AnsibleError):
    pass


class AnsibleFileNotFound(AnsibleError):
    def __init__(self, message='', obj=None, show_content=True, suppress_extended_error=False, orig_exc=None,
                 paths=None, file_name=None):
        self.file_name = file_name
        self.paths = [paths] if isinstance(paths, str) else list(paths or [])
        if file_name:
            message = (message + "\n" if message else '') + 'Could not find or access %r' % str(file_name)
        super().__init__(message, obj=obj, orig_exc=orig_exc)


class AnsibleInternalError(AnsibleError):
    pass


class AnsibleRuntimeError(AnsibleError):
    pass


class AnsibleConnectionFailure(AnsibleRuntimeError):
    pass


class AnsibleAuthenticationFailure(AnsibleConnectionFailure):
    pass


class AnsibleModuleError(AnsibleRuntimeError):
    pass


class AnsibleTemplateError(AnsibleRuntimeError):
    pass


class AnsibleTemplateSyntaxError(AnsibleTemplateError):
    pass


class AnsibleUndefinedVariable(AnsibleTemplateError):
    pass


class AnsibleLookupError(AnsibleRuntimeError):
    pass


class AnsibleFilterError(AnsibleTemplateError):
    pass


class AnsibleFilterTypeError(AnsibleFilterError, TypeError):
    pass


class AnsibleFilterPluginError(AnsibleFilterError):
    pass


class AnsiblePluginError(AnsibleError):
    pass


class AnsiblePluginNotFound(AnsiblePluginError):
    pass


class AnsiblePluginRemovedError(AnsiblePluginError):
    pass


class AnsibleTypeError(AnsibleRuntimeError, TypeError):
    pass


class AnsibleValueOmittedError(AnsibleTemplateError):
    pass


class AnsibleVaultError(AnsibleError):
    pass


class AnsibleAction(AnsibleRuntimeError):
    """Ends an action; `result` is what the task returns besides."""

    def __init__(self, message='', obj=None, show_content=True, suppress_extended_error=False, orig_exc=None,
                 result=None, **more):
        super().__init__(message, obj=obj, orig_exc=orig_exc, **more)
        self.result = dict(result or {})


class AnsibleActionFail(AnsibleAction):
    pass


class AnsibleActionSkip(AnsibleAction):
    pass


class _AnsibleActionDone(AnsibleAction):
    pass


class AnsibleCollectionUnsupportedVersionError(AnsiblePluginError):
    pass
