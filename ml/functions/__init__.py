"""The package of the function app that scores, made of this checkout."""
