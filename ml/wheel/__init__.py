"""A release's model as a Python package: its artifact, and the code of scoring that evaluates it."""
