"""A container group with a public image and a DNS label."""

import pulumi
from pulumi_azure_native import containerinstance, resources

label = pulumi.Config().get("label") or "hello"
group = resources.ResourceGroup("containers")

PAGE = "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port=8080, bind='0.0.0.0')"

hello = containerinstance.ContainerGroup(
    "hello",
    resource_group_name=group.name,
    os_type=containerinstance.OperatingSystemTypes.LINUX,
    restart_policy=containerinstance.ContainerGroupRestartPolicy.ALWAYS,
    containers=[
        containerinstance.ContainerArgs(
            name="web",
            image="python:3.11-slim",
            command=["python", "-c", PAGE],
            ports=[containerinstance.ContainerPortArgs(port=8080)],
            resources=containerinstance.ResourceRequirementsArgs(
                requests=containerinstance.ResourceRequestsArgs(cpu=1.0, memory_in_gb=1.0)
            ),
        )
    ],
    ip_address=containerinstance.IpAddressArgs(
        type=containerinstance.ContainerGroupIpAddressType.PUBLIC,
        dns_name_label="hello-from-the-programs",
        ports=[containerinstance.PortArgs(port=8080, protocol="TCP")],
    ),
    tags={"label": label},
)

pulumi.export("address", hello.ip_address.apply(lambda address: address.fqdn if address else None))
pulumi.export("id", group.id)
