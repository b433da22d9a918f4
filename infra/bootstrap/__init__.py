"""What must exist before an estate: Pulumi's state and keys, CI's identities, the store of approvals."""
