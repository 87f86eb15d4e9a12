"""`ArgumentSpecValidator`: checks parameters without being a module."""
from copy import deepcopy

from ansible.module_utils.common.parameters import Findings, _list_no_log_values, unsupported_error, validate_level
from ansible.module_utils.common.warnings import deprecate, warn


class ValidationResult:
    def __init__(self, parameters):
        self._no_log_values = set()
        self._unsupported_parameters = set()
        self._validated_parameters = deepcopy(parameters)
        self._deprecations = []
        self._warnings = []
        self.errors = []

    @property
    def validated_parameters(self):
        return self._validated_parameters

    @property
    def unsupported_parameters(self):
        return self._unsupported_parameters

    @property
    def error_messages(self):
        return [error.msg for error in self.errors]


class ArgumentSpecValidator:
    def __init__(self, argument_spec, mutually_exclusive=None, required_together=None, required_one_of=None,
                 required_if=None, required_by=None):
        self.argument_spec = argument_spec
        self._rules = {
            'mutually_exclusive': mutually_exclusive, 'required_together': required_together,
            'required_one_of': required_one_of, 'required_if': required_if, 'required_by': required_by,
        }

    def validate(self, parameters, *args, **kwargs):
        result = ValidationResult(parameters)
        result._no_log_values.update(_list_no_log_values(self.argument_spec, result._validated_parameters))
        found = Findings()
        validate_level(self.argument_spec, result._validated_parameters, self._rules, [], found)
        result._no_log_values.update(str(secret) for secret in found.secrets)
        result._no_log_values.update(_list_no_log_values(self.argument_spec, result._validated_parameters))
        result.errors = found.errors
        result._warnings, result._deprecations = found.warnings, found.deprecations
        result._unsupported_parameters = {place if len(place) > 1 else place[0] for place, _ in found.unsupported}
        if found.unsupported:
            result.errors.append(unsupported_error(found.unsupported))
        return result


class ModuleArgumentSpecValidator(ArgumentSpecValidator):
    def validate(self, parameters, *args, **kwargs):
        result = super().validate(parameters)
        for entry in result._deprecations:
            message = entry.get('msg') or "Alias '%s' is deprecated. See the module docs for more information" \
                % entry['name']
            deprecate(message, version=entry.get('version'), date=entry.get('date'),
                      collection_name=entry.get('collection_name'))
        for entry in result._warnings:
            warn('Both option %s and its alias %s are set.' % (entry['option'], entry['alias']))
        return result
