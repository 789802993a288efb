"""A mock for all tests."""

import os
import subprocess

import pytest

BINARY = os.environ.get("CONFORMANCE", "target/debug/conformance")


@pytest.fixture(scope="session")
def url():
    """A mock on a free port; its first line on stdout is its URL."""
    server = subprocess.Popen([BINARY, "mock", "--port", "0", "--quiet"], stdout=subprocess.PIPE, text=True)
    yield server.stdout.readline().strip()
    server.terminate()
    assert server.wait(timeout=10) == 0
