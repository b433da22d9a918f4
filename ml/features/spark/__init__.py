"""Feature tables beyond one machine: Spark runs the same statements, its executors read and write files."""
