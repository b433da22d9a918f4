"""The Pulumi program: what exists. Start reading at `estate.py`."""

from infra import narrow_imports

# Before anything in this package imports the SDK.
narrow_imports.install()
