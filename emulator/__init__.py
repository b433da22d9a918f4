"""Azure on loopback: an ARM store with hooks, the data planes of the estate, and the proxy to them."""
