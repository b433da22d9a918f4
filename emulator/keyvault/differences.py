"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Network rules hold for secrets and keys over HTTP; the trusted-services bypass is for nobody here.",
    "Keys sign, verify, wrap and encrypt by RSA and EC (P-256, P-384, P-521); symmetric keys, secp256k1, "
    "rotation policies, backup and release of keys are refused by name. Where a key is kept (-HSM) changes "
    "nothing.",
    "A key made over HTTP is not seen in ARM.",
    "Deleting and recovering a vault takes no time.",
)
