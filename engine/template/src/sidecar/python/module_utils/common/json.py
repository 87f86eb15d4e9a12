"""The JSON encoder of results."""
import json

from ansible.module_utils.common.text.converters import _json_default


class AnsibleJSONEncoder(json.JSONEncoder):
    def __init__(self, preprocess_unsafe=False, vault_to_text=False, **kwargs):
        super().__init__(**kwargs)

    def default(self, o):
        return _json_default(o)
