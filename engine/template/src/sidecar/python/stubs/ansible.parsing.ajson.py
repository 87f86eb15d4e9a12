import json


class AnsibleJSONEncoder(json.JSONEncoder):
    def __init__(self, preprocess_unsafe=False, vault_to_text=False, **kwargs):
        super().__init__(**kwargs)

    def default(self, o):
        from kapell_host import encode
        return o.isoformat() if hasattr(o, 'isoformat') else encode(o)


class AnsibleJSONDecoder(json.JSONDecoder):
    pass
