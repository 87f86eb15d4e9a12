MARK = '!'
