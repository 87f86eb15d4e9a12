TAIL = ' tail'
