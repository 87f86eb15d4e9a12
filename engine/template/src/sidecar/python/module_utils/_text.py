"""The old place of the text converters."""
from ansible.module_utils.common.text.converters import (  # noqa: F401
    codecs, container_to_bytes, container_to_text, jsonify, to_bytes, to_native, to_text,
)
