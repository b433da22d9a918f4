"""The step that trains a share of a fleet's members."""
