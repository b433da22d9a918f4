"""Batch inference: the released composite over files and tables, published whole or not at all."""
