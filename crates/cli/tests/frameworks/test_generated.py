"""Servers whose frameworks write their documents: a right one is not blamed for what its framework does by default, in none of its
variants, and defects are told by a requirement that they break.

`GENERATED=all` tries every variant and defect; otherwise each commit tries some, and others each time.
"""

import os
import random
import shutil
import subprocess
import sys

import pytest
from conftest import ENVIRONMENT, HERE, MODULES, ROOT

GENERATED = HERE / "generated"
ALL = os.environ.get("GENERATED") == "all"
PYTHON = sys.executable
# How each is started, how it writes its document, and who may do everything there.
SERVERS = {
    "drf": (
        [PYTHON, "manage.py", "serve"],
        [PYTHON, "manage.py", "spectacular", "--file"],
        "1b0a4c6d2e8f4a5b9c7d3e1f0a2b4c6d8e0f1a2b",
    ),
    "fastapi": (
        [PYTHON, "-m", "app.main"],
        [PYTHON, "-m", "app.main", "--openapi"],
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMTExMTExMS0xMTExLTQxMTEtODExMS0xMTExMTExMTExMTEiLCJleHAiOjQxMDI0NDQ4MDB9"
        ".1QvDSwCgZlyhfASY4RrwVfu3x2fxbIY8fLYSds-WZZ0",
    ),
    "fastify": (["node", "server.js"], ["node", "server.js", "--openapi"], "clinic-admin-token-5c1f"),
    "flask": ([PYTHON, "app.py"], [PYTHON, "app.py", "--openapi"], "manager:manager-pw"),
    "hono": (["node", "server.js"], ["node", "server.js", "--openapi"], "sk_main_4f9a1c7e2b"),
}
VARIANTS = {
    "drf": ["anon_401", "delete_cascades", "gzip", "lowercase_email", "soft_delete"],
    "fastapi": ["bad_token_403", "clamp_limit", "gzip", "lowercase_email", "soft_delete", "strip_strings"],
    "fastify": ["etag", "eventual_lists", "gzip", "keepalive_off", "lowercase_email", "soft_delete", "trim_strings"],
    "flask": ["delete_cascades", "keepalive_off", "newest_first", "round_money", "soft_delete", "uppercase_plates"],
    "hono": [
        "bad_key_403",
        "extra_members",
        "finalize_202",
        "gzip",
        "limit_clamped",
        "lowercase_email",
        "soft_delete",
        "trim_strings",
    ],
}
NOTICED = [line.split("\t") for line in (GENERATED / "noticed.txt").read_text().splitlines()]


def sample(everything, count):
    """Others for each commit; the same for each process that runs tests of it."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return everything if ALL else sorted(random.Random(head.stdout).sample(everything, count))


@pytest.fixture(scope="session")
def servers(modules, worker_id):
    """The servers, where Node.js finds their packages."""
    folder = MODULES / f"servers-{worker_id}"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(GENERATED, folder)
    yield folder
    shutil.rmtree(folder)


def judge(bed, servers, name, *flags, **environment):
    start, write, token = SERVERS[name]
    document = bed.folder / "openapi.yaml"
    # A defect is one of the server: what it promises is what a right one does.
    settings = ENVIRONMENT | {key: value for key, value in environment.items() if key != "DEFECT"}
    subprocess.run([*write, document], cwd=servers / name, env=settings, check=True, timeout=60, capture_output=True)
    url = bed.url(*start, folder=servers / name, PORT="0", **environment)
    run = bed.conformance("run", url, "--openapi", str(document), *flags, token=token)
    assert "could not run" not in run.stdout, run.stdout
    return run


RIGHT = [(name, "") for name in SERVERS]
OTHERS = [(name, variant) for name, variants in VARIANTS.items() for variant in variants]


@pytest.mark.parametrize(("name", "variant"), RIGHT + sample(OTHERS, 6))
def test_a_right_server_is_not_blamed(bed, servers, name, variant):
    run = judge(bed, servers, name, **({"VARIANT": variant} if variant else {}))
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.rstrip().endswith("left 0"), run.stdout


@pytest.mark.parametrize(("name", "defect", "requirement"), sample(NOTICED, 6))
def test_a_defect_is_told_by_what_it_breaks(bed, servers, name, defect, requirement):
    run = judge(bed, servers, name, DEFECT=defect)
    verdict = "fail" if requirement.startswith("MUST") else "warn"
    assert f"{verdict} {requirement}" in run.stdout, run.stdout + run.stderr


@pytest.mark.parametrize("defect", ["", "tenant_leak"])
def test_what_one_account_has_is_not_for_another(bed, servers, defect):
    other = ["--second-token", "sk_other_d03b6e5f88"]
    run = judge(bed, servers, "hono", *other, **({"DEFECT": defect} if defect else {}))
    assert run.returncode == 0, run.stdout
    for operation in ("GET", "PATCH", "DELETE"):
        told = f"warn SHOULD {operation} /v1/invoices/{{id}}.hides-from-others"
        assert (told in run.stdout) == bool(defect), run.stdout
