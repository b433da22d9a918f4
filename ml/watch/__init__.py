"""One page for whoever is on call: is it up, is it right, what changed.

`read` asks Azure; all else is pure.
"""
