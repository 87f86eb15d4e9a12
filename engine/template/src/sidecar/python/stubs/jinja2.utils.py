from jinja2 import pass_context, pass_environment, pass_eval_context
