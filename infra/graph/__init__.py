"""The resource graph of a stack: recorded from the program, written as canonical JSON, read again."""
