"""Judges a new revision against the running one while a share of the requests goes to it. Pure: no Azure."""
