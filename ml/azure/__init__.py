"""Azure as the commands see it: clients, management calls, registry tasks, runs and their logs."""
