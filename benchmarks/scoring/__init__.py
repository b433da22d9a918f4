"""What a score costs, in process and over HTTP, beside other servers on the same machine."""
