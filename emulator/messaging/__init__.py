"""Service Bus and Event Hubs: namespaces and what stands in them are kept, with their keys."""
