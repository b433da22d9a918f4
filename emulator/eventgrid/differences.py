"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "System topics are of storage accounts and Azure ML workspaces, made by themselves: topics, domains, "
    "namespaces, partners and subscriptions as extensions of a resource are refused by name.",
    "Events go to storage queues, functions and webhooks; one at a time, whatever the batch size. A webhook "
    "may also be a port of this machine, and has to answer its handshake at once.",
    "Waits between attempts have no part of chance, and no endpoint is let alone for hours after failures.",
    "An identity without the role for its destination is refused when the subscription is made; the words of "
    "that, of filters and of places are not Azure's.",
    "The reason of a dead letter that an answer made hopeless (400, 403, 413) is named after that answer.",
    "A change of the source's account or workspace itself does not end its topic.",
)
