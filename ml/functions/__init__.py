"""The function app that scores: its package, made of this checkout, and a release's way into it."""
