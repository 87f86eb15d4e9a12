class TestModule:
    def tests(self):
        return {'loud': lambda s: s.endswith('!')}
