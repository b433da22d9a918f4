"""Predictions by key: a batch run is loaded into a database, and becomes visible whole."""
