"""Servers in other languages, in the idioms of their communities: a right one is not blamed, in none of its variants, and defects are told
by a requirement that they break.

`LANGUAGES=all` tries every variant and defect; otherwise each commit tries some, and others each time.
"""

import json
import os
import random
import socket
import subprocess
import time

import pytest
from conftest import ENVIRONMENT, HERE, MODULES, ROOT

LANGUAGES = HERE / "languages"
ALL = os.environ.get("LANGUAGES") == "all"
NOTES = {name: json.loads((LANGUAGES / name / "notes.json").read_text()) for name in ("koa", "php", "ruby")}
NOTICED = [line.split("\t") for line in (LANGUAGES / "noticed.txt").read_text().splitlines()]


def sample(everything, count):
    """Others for each commit; the same for each process that runs tests of it."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return everything if ALL else sorted(random.Random(head.stdout).sample(everything, count))


# These servers cannot be told to pick a port and say which. Each process that runs tests has ports of its own, below those that the
# system hands out, so that nobody takes one between a look and its use.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = iter(range(12_000 + 500 * WORKER, 12_500 + 500 * WORKER))


def is_free(port):
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def start(bed, name, mode):
    """Starts a server, on a port that is free, and waits until it listens."""
    port = next(port for port in PORTS if is_free(port))
    settings = ENVIRONMENT | {"NODE_PATH": str(MODULES / "node_modules"), "TMPDIR": str(bed.folder)}
    process = bed.start(LANGUAGES / name / "serve.sh", str(port), mode, env=settings)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return f"http://127.0.0.1:{port}"
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{name} does not listen")


def judge(bed, name, mode=""):
    document = LANGUAGES / name / "openapi.yaml"
    run = bed.conformance("run", start(bed, name, mode), "--openapi", str(document), token=NOTES[name]["token"])
    assert "could not run" not in run.stdout, run.stdout
    return run


RIGHT = [(name, "") for name in NOTES]
# A slow server is verified in a minute and a half, and like any other.
OTHERS = [(name, variant) for name, notes in NOTES.items() for variant in notes["variants"] if ALL or variant != "slow"]


@pytest.mark.parametrize(("name", "variant"), RIGHT + sample(OTHERS, 4))
def test_a_right_server_is_not_blamed(bed, name, variant):
    run = judge(bed, name, variant)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.rstrip().endswith("left 0"), run.stdout


@pytest.mark.parametrize(("name", "defect", "requirement"), sample(NOTICED, 6))
def test_a_defect_is_told_by_what_it_breaks(bed, name, defect, requirement):
    run = judge(bed, name, defect)
    verdict = "fail" if requirement.startswith("MUST") else "warn"
    assert f"{verdict} {requirement}" in run.stdout, run.stdout + run.stderr
