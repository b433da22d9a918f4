"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "A container is a process of this machine; CPU and memory are checked, not enforced"
    " (`make test-containers` runs the scoring group with podman, which does).",
    "One TCP port a container; the process listens at the port in the variable PORT and at the address in the"
    " variable HOST, which is loopback.",
    "In the command and in variables `0.0.0.0` and `[::]` become `127.0.0.1`. What listens elsewhere all the"
    " same runs, with the event `ListensBeyondLoopback` and a warning in the emulator's log.",
    "Microsoft's sample `mcr.microsoft.com/azuredocs/aci-helloworld` is a small program of the emulator's own"
    " that answers with the sample's title; other public images than Python's are refused.",
    "Readiness is asked ten times a second until it holds for the first time.",
)
