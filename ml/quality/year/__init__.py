"""A year of traffic in minutes: seeded, with what happens in it known, to measure what each alarm catches.

world     rows, labels and a fitted model; what may happen to the rows (`Event`)
replay    days of that world through the monitor, with labels that come late
power     the same over many seeds: what is caught, after how many rows, how often in vain
__main__  `python -m ml.quality.year`: the long form, as JSON
"""
