MSG = 'from the role'
