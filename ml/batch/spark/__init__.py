"""The engine of a batch beyond one machine: the units of a run, scored by the executors of Spark."""
