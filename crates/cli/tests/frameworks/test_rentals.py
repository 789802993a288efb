"""A business API whose server, document and defects were written by somebody who did not know this program: each defect that a document
lets one see is told by a requirement that it breaks, and nobody is blamed for what the document leaves open.

The server is plain Node.js. Emails, codes and numbers of its objects are unique, some objects refer to others, and each kind of list has
pages of its own kind. `RENTALS=all` tries everything, which takes half an hour; otherwise each commit tries some, and others each time.
"""

import os
import random
import subprocess

import pytest
from conftest import HERE, ROOT

RENTALS = HERE / "rentals"
DOCUMENT = str(RENTALS / "openapi.yaml")
ALL = os.environ.get("RENTALS") == "all"
# Waits of a second each, or 100 ms for each of some thousand requests.
SLOW = {"rate-limited", "slow"}
TRIED = 12


def table(name):
    lines = (RENTALS / name).read_text().splitlines()
    return dict(line.split("\t", 1) for line in lines)


def sample(names):
    """Others for each commit; the same for each process that runs tests of it."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return sorted(names) if ALL else sorted(random.Random(head.stdout).sample(sorted(names), TRIED))


VARIANTS = sample([name for name in table("variants.txt") if ALL or name not in SLOW])
NOTICED = table("noticed.txt")


def judge(bed, **environment):
    url = bed.url("node", RENTALS / "server.mjs", PORT="0", **environment)
    run = bed.conformance("run", url, "--openapi", DOCUMENT, token="key-of-the-first")
    assert "could not run" not in run.stdout, run.stdout
    return run


@pytest.mark.parametrize("variant", ["", *VARIANTS])
def test_a_right_server_is_not_blamed(bed, variant):
    run = judge(bed, VARIANT=variant)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.rstrip().endswith("left 0"), run.stdout


@pytest.mark.parametrize("defect", sample(NOTICED))
def test_a_defect_is_told_by_what_it_breaks(bed, defect):
    run = judge(bed, DEFECT=defect)
    told = NOTICED[defect]
    told = f"warn {told}" if told.startswith("SHOULD ") else f"fail MUST {told}"
    assert told in run.stdout, run.stdout + run.stderr
