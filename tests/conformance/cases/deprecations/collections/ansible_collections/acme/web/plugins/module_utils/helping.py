def help_out(module):
    module.deprecate('of what helps', version='7')
