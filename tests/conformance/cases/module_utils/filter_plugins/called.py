"""Functions of ansible.module_utils, called by name."""
import importlib


def called(call):
    module, function, *arguments = call
    found = importlib.import_module('ansible.module_utils.' + module)
    try:
        answer = getattr(found, function)(*arguments)
    except (TypeError, ValueError) as error:
        return '%s: %s' % (type(error).__name__, str(error).split(' include:')[0])
    return answer if isinstance(answer, dict) else '%s %s' % (type(answer).__name__, answer)


def compared(versions):
    version = importlib.import_module('ansible.module_utils.compat.version')
    kind, one, other = versions
    one = getattr(version, kind)(one)
    return [str(one), repr(one), one < other, one == other, one >= other]


class FilterModule:
    def filters(self):
        return {'called': called, 'compared': compared}
