"""The Pulumi program: what exists. Start reading at `estate.py`."""
