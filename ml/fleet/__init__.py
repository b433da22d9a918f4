"""Fleets: one declaration makes many models, which are released, approved and served as one."""
