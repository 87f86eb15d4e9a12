class FilterModule:
    def filters(self):
        return {'of_role': lambda s: 'role ' + s}
