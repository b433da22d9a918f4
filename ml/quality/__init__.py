"""Are the answers in production still right? Pure functions over sums of days; effects are at the edge.

sums       a day of answers as sums that add up exactly, whoever counted them
metrics    quality with intervals, measured from labels or estimated from calibrated probabilities
drift      features against the training rows, over windows of days, with what a season explains
faults     a column that upstream broke, told apart from one that drifted
judge      sums of days -> the report of a day, with a diagnosis in words
"""
