"""Production pushes labelled rows to where trainings run, by a role that only adds.

settings   which rows, and how many at the least
rows       answers and labels as rows of a training, without anything that says whose they are
checked    whether a training would take them
record     what was pushed on which day, on production's own side
send       a day's file, once, whoever dies on the way
place      an estate's tables and records, and the other one's landing
"""
