"""Alert rules at work: evaluated on their schedule, fired and resolved, with somebody told."""
