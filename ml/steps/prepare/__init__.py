"""The split into rows for training and rows for the test."""

FRACTIONS = (0.01, 0.5)  # the least and the greatest share of ids that may be test rows
ORIGIN = "origin.json"  # beside the parts: what file they came from
UNKNOWN = "unknown"  # the SHA-256 of a data set of which the caller knows only where it is
