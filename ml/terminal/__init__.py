"""How a command meets a person: its options, the checks of what was given, progress, results, failures."""
