"""The host of Azure Functions: function apps run here, each in a process of its own, with their own code."""
