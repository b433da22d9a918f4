#!/usr/bin/env bash
# kubernetes 37.0.1 (the official Python client), with requests 2.34.2 beside it.
# Expected: where HTTPS_PROXY holds a user and a password, the client signs in at the proxy, as requests does.
# Seen: the client takes the proxy from the variable and leaves both out: its CONNECT has no Proxy-Authorization,
# so that a proxy which asks for one refuses it. `proxy_headers` of the configuration sends them.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kubernetes==37.0.1 requests==2.34.2
venv/bin/python -W ignore - <<'PY'
import os
import socketserver
import threading

seen = []


class Proxy(socketserver.StreamRequestHandler):
    def handle(self):
        lines = []
        while (line := self.rfile.readline().strip()):
            lines.append(line.decode())
        seen.append([line for line in lines if line.lower().startswith("proxy-authorization")])
        self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")


server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["HTTPS_PROXY"] = f"http://somebody:secret@127.0.0.1:{server.server_address[1]}"
os.environ.pop("NO_PROXY", None)
os.environ.pop("no_proxy", None)


def asked(call):
    seen.clear()
    try:
        call()
    except Exception as refused:  # the proxy refuses everybody
        print(type(refused).__name__, end=" ")
    return [bool(one) for one in seen][:1]


import requests
from kubernetes.client import ApiClient, Configuration, VersionApi
from urllib3.util import make_headers


def client(**more):
    configuration = Configuration(host="https://cluster.example")
    configuration.retries = 0
    for name, value in more.items():
        setattr(configuration, name, value)
    return VersionApi(ApiClient(configuration)).get_code


by_requests = asked(lambda: requests.get("https://cluster.example/version", timeout=10))
by_client = asked(client())
told = asked(client(proxy_headers=make_headers(proxy_basic_auth="somebody:secret")))
print("\nsigned in at the proxy: requests", by_requests, "the client", by_client, "with proxy_headers", told)
if (by_requests, by_client, told) != ([True], [False], [True]):
    raise SystemExit("The behaviour has changed.")
PY
