"""What a preview and an `up` of the estate cost beside the smallest program, and beside an earlier build."""
