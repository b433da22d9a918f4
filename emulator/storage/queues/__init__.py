"""The Queue service: queues are ARM resources, their messages stand in a database of their own."""
