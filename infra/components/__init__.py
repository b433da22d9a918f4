"""One ComponentResource a file; `estate.py` puts them together."""
