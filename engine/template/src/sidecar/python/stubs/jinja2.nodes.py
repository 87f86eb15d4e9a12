"""What filters that ask for the evaluation context get."""


class EvalContext:
    def __init__(self, environment, template_name=None):
        self.environment = environment
        self.autoescape = False
        self.volatile = False
