"""Sweep jobs: a search space, trials as child jobs, and the best of them."""
