CLIARGS = {'check': False, 'args': ()}
