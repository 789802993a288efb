"""One expectation for each variation of a right server. Most are right, too, and are not blamed; the others are told why.

In every run, whatever it finds: no token is written anywhere, nothing panics, and what the last line says of what is left is true.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import SECOND_TOKEN, TOKEN, held


@dataclass
class Variant:
    host: str  # the server that has it, or what stands before a server
    name: str
    code: int = 0
    or_else: tuple = ()  # other codes that are as right
    says: tuple = ("left 0",)
    never: tuple = ()  # texts that must not be said
    left: range | None = range(1)  # how many objects, afterwards; None: the server cannot be asked
    only: tuple = ()  # the scenarios that are enough

    def __str__(self):
        return f"{self.host}-{self.name}"


RIGHT = [
    Variant("flask", "huge-number"),
    Variant("flask", "deep-nesting"),
    Variant("flask", "float-times"),
    Variant("flask", "exponent-times"),
    Variant("flask", "dotnet-escapes"),
    Variant("fastify", "duplicate-members", says=("object.members-once", "left 0")),
    Variant("fastify", "escaped-token"),
    Variant("fastify", "gzip"),
    Variant("fastify", "chunked"),
    Variant("nginx-h2c", "goaway"),
    Variant("nginx-h2", "goaway"),
    # What is read is read again. Until the first connection is seen to end, a create may be lost with it: then its scenario
    # could not run (4), and where its name bears no marker nobody knows whether it was made (5). Nobody is blamed.
    Variant("raw", "idle-close", or_else=(4, 5), never=("fail MUST",)),
    Variant("raw", "close-after-response", or_else=(4, 5), never=("fail MUST",)),
    Variant("raw", "interim"),
    Variant("raw", "odd-headers"),
    # Every seventh request takes a second.
    Variant("express", "retry-after-date", only=("access", "lifecycle", "pages/forward")),
    Variant("express", "retry-after-none"),
    Variant("express", "accept-json"),
    Variant("express", "user-agent"),
    Variant("express", "trace-ids"),
    Variant("express", "slow-clock"),
    # Bytes after a 204 that nobody announced are not seen by a reader of HTTP/1.1.
    Variant("raw", "no-content-body"),
]

WRONG = [
    # RFC 8259 wants UTF-8 without a mark between systems: named, and cleaned up after all the same.
    Variant("fastify", "byte-order-mark", code=1, says=("begins with a byte order mark", "left 0")),
    Variant("fastify", "utf-16", code=1, says=("is encoded as UTF-16", "left 0")),
    Variant("express", "location-only", code=1, says=("create.body", "left 0")),
    Variant("express", "numeric-ids", code=1, says=("object.id", "left 0")),
    # Who cannot delete stops creating.
    Variant("express", "lying-delete", code=5, says=("objects that were created cannot be deleted",), left=range(1, 20)),
    # Which deletions lie depends on what runs beside what: a check sees it, or the clean-up does and stops creating.
    Variant("express", "lying-delete-half", code=1, or_else=(5,), says=(), left=range(60)),
    # Nothing is wrong with a quota, but what it forbids could not be judged.
    Variant("express", "quota", code=4, says=("Your plan allows 20 conversations", "left 0"), never=("fail MUST",)),
    Variant("express", "all-500", code=3, says=("answers every request with 500", "database is down"), left=None),
    Variant("express", "redirect-https", code=3, says=("308", "https://127.0.0.1"), never=("fail MUST",), left=None),
]


def stand(bed, variant):
    """The URL to be judged, the server that holds the objects, and options for the program."""
    if variant.host == "raw":
        origin = bed.server("fastapi")
        return bed.raw_front(origin, variant.name), origin, []
    if variant.host.startswith("nginx-"):  # a GOAWAY after every third request, while others are on their way
        origin = bed.server("fastapi")
        url, options = bed.nginx(origin, variant.host.removeprefix("nginx-"), "keepalive_requests 3;")
        return url, origin, options
    origin = bed.server(variant.host, variant.name)
    return origin, origin, []


def tokens_as_written(text):
    """The tokens in it, also where their characters are escaped."""
    plain = re.sub(r"(?:\\|%5[Cc])+u00([0-9a-fA-F]{2})|%([0-9a-fA-F]{2})", lambda hex: chr(int(hex[1] or hex[2], 16)), text)
    return [token for token in (TOKEN, SECOND_TOKEN) if token in text or token in plain]


@pytest.mark.parametrize("variant", RIGHT + WRONG, ids=str)
def test_a_variation_is_judged_as_it_deserves(bed, variant):
    url, origin, options = stand(bed, variant)
    options += [word for name in variant.only for word in ("--only", name)]
    options += [word for kind in ("json", "html", "junit", "markdown") for word in ("--report", f"{kind}=report.{kind}")]
    # Once more, and what it does is what it did.
    for _ in range(2 if variant in RIGHT else 1):
        run = bed.conformance(
            "run", url, *options, "--quiet", "--snapshots", "snapshots", "--record", "record", "--scripts", "scripts"
        )
        said = run.stdout + run.stderr
        assert "panicked" not in said and "tool fault" not in said, said
        assert run.returncode in (variant.code, *variant.or_else), said
        for text in variant.says:
            assert text in said, said
        for text in variant.never:
            assert text not in said, said

        for path in filter(Path.is_file, bed.folder.rglob("*")):
            assert tokens_as_written(path.read_text(errors="replace")) == [], path
        assert tokens_as_written(said) == [], said
        if variant.code != 3:  # else nothing was judged, and nothing is reported
            json.loads((bed.folder / "work/report.json").read_text())
        if variant.left is not None:
            left = len(held(origin) + held(origin, SECOND_TOKEN))
            assert left in variant.left and re.search(rf"left {left}\b", said), (left, said)


DOCUMENT = Path(__file__).parents[4] / "docs" / "openapi.json"


# Those that make it wait are left out: how it waits does not depend on what it verifies.
@pytest.mark.parametrize("variant", [one for one in RIGHT if not one.name.startswith("retry-after")], ids=str)
def test_a_right_variation_passes_with_nothing_but_its_document(bed, variant):
    url, origin, options = stand(bed, variant)
    run = bed.conformance("run", url, *options, "--openapi", str(DOCUMENT), "--quiet")
    said = run.stdout + run.stderr
    assert run.returncode in (variant.code, *variant.or_else), said
    assert "fail MUST" not in said, said
    assert tokens_as_written(said) == [], said
    left = len(held(origin))
    assert left in variant.left, (left, said)
