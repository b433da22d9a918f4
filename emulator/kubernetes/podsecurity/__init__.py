"""Pod Security: the levels, and what a namespace asks of its pods."""
