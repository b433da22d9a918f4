"""Kusto's query language by a documented subset: text in, tables out. The rest is refused by name."""
