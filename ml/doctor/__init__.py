"""Checks before anything is created: what would make `pulumi up` fail, each with its remedy."""
