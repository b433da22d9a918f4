"""`make check`: style, types and the nearest tests of what changed, in about a minute."""
