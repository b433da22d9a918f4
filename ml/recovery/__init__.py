"""After a `pulumi up` that was killed: what Azure has and the stack's state does not know."""
