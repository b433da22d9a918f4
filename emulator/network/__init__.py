"""Microsoft.Network: what holds between networks, subnets, security groups, NAT gateways and addresses."""
