"""Machines in the network that run CI's jobs: a scale set that asks outwards, and takes nothing in."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import compute

from infra.components.grants import Grants, GrantsArgs
from infra.components.identities import Identities
from infra.components.key_vault import KeyVault
from infra.components.network import Network
from infra.components.site import Site, child_of
from infra.config_runners import Runners as Settings
from infra.runners.cloud_init import custom_data
from infra.runners.software import RUNNER

# Canonical's names in Azure ("Find Ubuntu images on Azure"); 24.04 has Python 3.12. The newest of it, always:
# a machine that is made has every update.
IMAGE: Final = ("Canonical", "ubuntu-24_04-lts", "server", "latest")
USER: Final = "operator"
DISK_GB: Final = 64  # a checkout, its virtual environment and what is built of them


@dataclass(frozen=True, slots=True)
class RunnersArgs:
    """settings: the section `runners`. vault: the one with the key that signs."""

    site: Site
    settings: Settings
    network: Network
    identities: Identities
    vault: KeyVault


class Runners(pulumi.ComponentResource):
    """id: of the scale set."""

    def __init__(self, name: str, args: RunnersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:delivery:Runners", name, None, opts)
        site, settings = args.site, args.settings
        scopes = {"runner-key": pulumi.Output.concat(args.vault.id, "/keys/", settings.key)}
        here = pulumi.ResourceOptions(parent=self)
        granted = Grants(f"{name}-grants", GrantsArgs(site, args.identities, scopes), here)
        made = compute.VirtualMachineScaleSet(
            name,
            resource_group_name=site.group,
            vm_scale_set_name=site.names.of("runners"),
            location=site.location,
            orchestration_mode=compute.OrchestrationMode.UNIFORM,
            sku=compute.SkuArgs(name=settings.vm_size, tier="Standard", capacity=settings.count),
            # As many as asked for, from the beginning: a surplus machine would take a job and be gone.
            overprovision=False,
            single_placement_group=True,
            # By hand: whatever changes, a machine that runs a job is let be. docs/runbooks says how.
            upgrade_policy=compute.UpgradePolicyArgs(mode=compute.UpgradeMode.MANUAL),
            identity=compute.VirtualMachineScaleSetIdentityArgs(
                type=compute.ResourceIdentityType.USER_ASSIGNED,
                user_assigned_identities=[args.identities["runners"].id],
            ),
            virtual_machine_profile=compute.VirtualMachineScaleSetVMProfileArgs(
                os_profile=_system(args),
                storage_profile=_storage(),
                network_profile=_network(args),
                security_profile=compute.SecurityProfileArgs(
                    security_type=compute.SecurityTypes.TRUSTED_LAUNCH,
                    uefi_settings=compute.UefiSettingsArgs(secure_boot_enabled=True, v_tpm_enabled=True),
                    encryption_at_host=True,
                ),
                diagnostics_profile=compute.DiagnosticsProfileArgs(
                    boot_diagnostics=compute.BootDiagnosticsArgs(enabled=True)
                ),
            ),
            tags=site.tags,
            opts=child_of(self, depends_on=[granted], create_timeout="30m", hooks=site.late_grants),
        )
        self.id = made.id
        self.register_outputs({"id": made.id})


def _system(args: RunnersArgs) -> compute.VirtualMachineScaleSetOSProfileArgs:
    site, settings, identity = args.site, args.settings, args.identities["runners"]

    def told(client_id: str, vault_uri: str) -> str:
        return custom_data(
            {
                "identity": client_id,
                "key": f"{vault_uri.rstrip('/')}/keys/{settings.key}",
                "repository": settings.repository,
                "app": settings.app,
                "installation": settings.installation,
                "labels": ["self-hosted", "linux", "x64", f"estate-{site.settings.environment}"],
                "software": RUNNER.url,
                "sha256": RUNNER.sha256,
            }
        )

    return compute.VirtualMachineScaleSetOSProfileArgs(
        computer_name_prefix=f"ci-{site.settings.environment}-",
        admin_username=USER,
        allow_extension_operations=False,
        custom_data=pulumi.Output.all(identity.client_id, args.vault.uri).apply(lambda both: told(*both)),
        linux_configuration=compute.LinuxConfigurationArgs(
            disable_password_authentication=True,
            provision_vm_agent=True,
            ssh=compute.SshConfigurationArgs(
                public_keys=[
                    compute.SshPublicKeyArgs(
                        path=f"/home/{USER}/.ssh/authorized_keys", key_data=settings.ssh_key
                    )
                ]
            ),
        ),
    )


def _storage() -> compute.VirtualMachineScaleSetStorageProfileArgs:
    publisher, offer, sku, version = IMAGE
    return compute.VirtualMachineScaleSetStorageProfileArgs(
        image_reference=compute.ImageReferenceArgs(
            publisher=publisher, offer=offer, sku=sku, version=version
        ),
        os_disk=compute.VirtualMachineScaleSetOSDiskArgs(
            create_option=compute.DiskCreateOptionTypes.FROM_IMAGE,
            caching=compute.CachingTypes.READ_WRITE,
            os_type=compute.OperatingSystemTypes.LINUX,
            disk_size_gb=DISK_GB,
            delete_option=compute.DiskDeleteOptionTypes.DELETE,
            managed_disk=compute.VirtualMachineScaleSetManagedDiskParametersArgs(
                storage_account_type=compute.StorageAccountTypes.PREMIUM_LRS
            ),
        ),
    )


def _network(args: RunnersArgs) -> compute.VirtualMachineScaleSetNetworkProfileArgs:
    """One interface without a public address; the subnet's security group says who reaches whom."""
    return compute.VirtualMachineScaleSetNetworkProfileArgs(
        network_interface_configurations=[
            compute.VirtualMachineScaleSetNetworkConfigurationArgs(
                name="ci-runners",
                primary=True,
                enable_accelerated_networking=False,
                enable_ip_forwarding=False,
                ip_configurations=[
                    compute.VirtualMachineScaleSetIPConfigurationArgs(
                        name="ci-runners",
                        primary=True,
                        private_ip_address_version=compute.IPVersion.I_PV4,
                        subnet=compute.ApiEntityReferenceArgs(id=args.network.subnet_ids["ci-runners"]),
                    )
                ],
            )
        ]
    )
