"""Filters that want Jinja's context, its environment or its evaluation context."""
from jinja2 import pass_context, pass_environment, pass_eval_context


@pass_context
def variable(context, name, default='-'):
    return context.get(name, default)


@pass_context
def item(context, name):
    return context[name]


@pass_context
def has(context, name):
    return name in context


@pass_context
def resolved(context, name):
    return context.resolve(name)


@pass_context
def host(context, name):
    return context['hostvars'][name]['inventory_hostname']


@pass_context
def through(context, value, name):
    return context.environment.filters[name](value)


@pass_environment
def by_name(environment, value, name):
    return environment.filters[name](value)


@pass_environment
def knows(environment, name):
    return [name in environment.filters, name in environment.tests]


@pass_eval_context
def escaping(eval_ctx, value):
    return '%s %s' % (value, eval_ctx.autoescape)


class FilterModule:
    def filters(self):
        return {'variable': variable, 'item': item, 'has': has, 'resolved': resolved, 'host': host,
                'through': through, 'by_name': by_name, 'knows': knows, 'escaping': escaping}
