"""Predictions by key: looked up in a database that a batch has filled, in place of being scored anew."""
