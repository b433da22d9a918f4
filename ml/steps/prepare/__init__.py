"""The split into rows for training and rows for the test."""

FRACTIONS = (0.01, 0.5)  # the least and the greatest share of ids that may be test rows
