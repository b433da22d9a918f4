"""API Management's policy language: documents into trees, expressions into syntax trees, and their values.

`reading` makes a `tree` of a document, `validation` says what Azure would refuse of it, `expressions` gives
the value of an attribute or a text in the `context` of a request.
"""
