"""The whole line on this machine: the estate goes up, a model is trained, deployed and asked."""
