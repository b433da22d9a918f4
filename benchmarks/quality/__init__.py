"""The daily monitor beside the reports of evidently and NannyML, over the same kept answers."""
