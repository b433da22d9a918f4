"""Metrics of resources: what is measured here, and how it is asked."""
