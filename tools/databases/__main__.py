"""``python -m tools.databases``: the server's programs that the database tests need."""

from tools.databases import install

if __name__ == "__main__":
    install.install()
