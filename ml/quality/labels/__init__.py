"""Labels that come late: a file of them is read, joined to kept answers by rules, and recorded once.

file       what a file of labels holds, read strictly
joining    the rules: late, repeated, contradicting, unknown labels; pure
table      the Delta table of labels
take       a file into the table, however often it is given
"""
