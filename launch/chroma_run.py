"""Become a Chroma server: `python -I chroma_run.py chroma.yaml`. Of its wheel only the binary is loaded.

Run by path, so that it imports nothing of ours either.
"""

import sys

import chromadb_rust_bindings

if __name__ == "__main__":
    chromadb_rust_bindings.cli(["chroma", "run", sys.argv[1]])
