"""What a new machine of the CI runners is told: cloud-init's user data, with nothing secret in it.

It is JSON, which is YAML, too ("Cloud config data" of cloud-init's documentation).
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from infra.runners import machine

PROGRAM: Final = "/usr/local/lib/estate-runner.py"
SERVICE: Final = "/etc/systemd/system/estate-runner.service"
# What the workflows of this repository ask for, and ICU for the runner itself, of Ubuntu 24.04.
PACKAGES: Final = ("curl", "git", "jq", "libicu74", "make", "python3-venv")
MOST: Final = 65_535
"""Bytes that Azure takes ("Custom data and cloud-init on Azure virtual machines")."""
RESTARTS: Final = "/etc/needrestart/conf.d/estate-runner.conf"
# Ubuntu 24.04 restarts each service whose libraries an upgrade has replaced ("needrestart changes in Ubuntu
# 24.04: service restarts", Ubuntu Discourse, read 2026-11), the daily upgrades of security too. A job may be
# what runs `pulumi up`, so its unit and what waits for it are left out; 0 is: not by itself.
KEPT: Final = rf"$nrconf{{override_rc}}{{qr(^(?:estate-runner|{machine.JOBS}))}} = 0;" + "\n"
UNIT: Final = f"""[Unit]
Description=CI jobs, one after the other
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/python3 {PROGRAM}
Restart=always
RestartSec=10
StandardOutput=journal+console
StandardError=journal+console

[Install]
WantedBy=multi-user.target
"""


def cloud_config(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """configuration: the fields of `machine.Configuration`."""
    files = {
        str(machine.CONFIGURATION): (json.dumps(configuration, indent=1, sort_keys=True), "0600"),
        PROGRAM: (Path(machine.__file__).read_text(), "0644"),
        SERVICE: (UNIT, "0644"),
        RESTARTS: (KEPT, "0644"),
    }
    return {
        "package_update": True,
        "package_upgrade": True,
        "package_reboot_if_required": True,
        "packages": list(PACKAGES),
        "ssh_pwauth": False,
        "write_files": [
            {"path": path, "content": content, "permissions": mode} for path, (content, mode) in files.items()
        ],
        "runcmd": [["systemctl", "daemon-reload"], ["systemctl", "enable", "--now", "estate-runner.service"]],
    }


def custom_data(configuration: Mapping[str, Any]) -> str:
    """As Azure takes it: base64. Raises ValueError when it is too long."""
    text = "#cloud-config\n" + json.dumps(cloud_config(configuration), sort_keys=True)
    content = text.encode()
    if len(content) > MOST:
        raise ValueError(f"a machine's custom data are {len(content)} bytes, and Azure takes {MOST}")
    return base64.b64encode(content).decode()
