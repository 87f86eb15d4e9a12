from ...plugin_utils.words import shout


class FilterModule:
    def filters(self):
        return {'deeper': lambda s: 'deep ' + shout(s)}
