"""Microsoft.Compute: what a virtual machine makes and holds. No machine runs."""
