from ansible.utils.display import Display


def going(value):
    Display().deprecated('of a filter of a collection', version='3.0')
    return value


class FilterModule:
    def filters(self):
        return {'going': going}
