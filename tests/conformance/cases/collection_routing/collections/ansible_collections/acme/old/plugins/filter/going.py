class FilterModule:
    def filters(self):
        return {'going': lambda value: 'going %s' % value}
