from jinja2 import pass_context


@pass_context
def the(context, value, name):
    return context.get(name) == value


class TestModule:
    def tests(self):
        return {'the': the}
