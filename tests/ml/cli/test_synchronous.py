import subprocess
import sys

PROGRAM = """
import sys
from ml.terminal import synchronous
synchronous.only()
from azure.storage.blob import BlobClient
BlobClient("https://account.blob.core.windows.net", "container", "blob", credential="c2VjcmV0")
import azure.identity, azure.keyvault.keys.crypto, azure.storage.filedatalake
sys.exit("aiohttp" in sys.modules)
"""


def test_clients_of_storage_work_without_the_import_of_aiohttp() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
