"""One person's rows are erased, wherever they are, with a record of each place."""
