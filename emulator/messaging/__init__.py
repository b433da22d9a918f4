"""Service Bus and Event Hubs: namespaces and what stands in them are kept as they are given."""
