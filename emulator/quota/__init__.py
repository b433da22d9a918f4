"""Quotas: how much a subscription may have in a region, how much it has, and what is refused beyond."""
