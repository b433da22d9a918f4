"""Where a data set comes from: a file here, Azure storage, a workspace's datastore or data asset, or S3.

`address` reads what a person gave; `blob` and `s3` are the stores; `workspace` finds the blob of a path in a
datastore, or of an asset; `cache` keeps what was downloaded, by content; `download` fetches, and goes on
after a cut; `obtain` is the way through all of them.
"""
