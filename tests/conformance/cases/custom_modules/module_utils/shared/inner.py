WORD = b'word'
