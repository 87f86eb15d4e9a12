from ansible_collections.acme.tools.plugins.plugin_utils.words import shout


class FilterModule:
    def filters(self):
        return {'shout': shout, 'whisper': lambda s: s.lower()}
