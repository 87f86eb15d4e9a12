from ansible.utils.display import Display


def fading(value):
    Display().deprecated('of a filter', version='3.0')
    Display().deprecated('of a filter of the core', version='2.25', collection_name='ansible.builtin',
                         help_text='Use another.')
    return value


class FilterModule:
    def filters(self):
        return {'fading': fading}
