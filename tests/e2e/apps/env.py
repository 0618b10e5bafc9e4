# Beside such a program; checks that its .env was read.
def verify():
    pass
