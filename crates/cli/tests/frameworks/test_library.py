"""Defects of one server, judged with nothing but its document: each is told by the requirement that it breaks. And what a right
server may do otherwise: nobody is blamed for it."""

import pathlib

import pytest
from conftest import TOKEN

DOCUMENT = str(pathlib.Path(__file__).parents[4] / "fixtures" / "documents" / "libraries.yaml")

RIGHT = [
    "",
    "says-400",
    "place-absolute",
    "place-relative",
    "sorts-contacts",
    "replaces-bytes",
    "keeps-full-libraries",
    "any-media-type",
    "late-list",
    "closes-at-the-second-try",
]

DEFECTS = {
    "any-key-get-libraries": "listLibraries.wants-credentials",
    "any-key-post-libraries": "foundLibrary.wants-credentials",
    "any-key-get-libraries-x": "getLibrary.wants-credentials",
    "any-key-patch-libraries-x": "changeLibrary.wants-credentials",
    "any-key-delete-libraries-x": "closeLibrary.wants-credentials",
    "any-key-put-rooms-x": "putRoom.wants-credentials",
    "empty-key": "getLibrary.wants-credentials",
    "orphans": "getBook.gone-with-parent",
    "lists-orphans": "listBooks.gone-with-parent",
    "deletes-elsewhere": "removeBook.own-parent",
    "changes-elsewhere": "changeBook.own-parent",
    "place-of-all": "foundLibrary.location",
    "place-elsewhere": "foundLibrary.location",
    "revision-in-words": "foundLibrary.documented-headers",
    "loses-contacts": "getLibrary.keeps-what-was-sent",
    "loses-phones": "getLibrary.keeps-what-was-sent",
    "takes-id": "foundLibrary.keeps-read-only",
    "takes-visits": "foundLibrary.keeps-read-only",
    "takes-times": "foundLibrary.keeps-read-only",
    "changes-visits": "changeLibrary.keeps-read-only",
    "stores-then-refuses": "foundLibrary.rejection-does-nothing",
    "puts-then-refuses": "putRoom.rejection-does-nothing",
    "any-room": "putRoom.rejects-wrong-names",
    "rounds-fees": "foundLibrary.keeps-bounds",
    "zero-is-nothing": "foundLibrary.keeps-bounds",
    "false-is-nothing": "foundLibrary.keeps-bounds",
    "empty-is-nothing": "foundLibrary.keeps-bounds",
    "ignores-science": "listBooks.filters",
    "old-list": "listBooks.same-as-retrieved",
    "one-line": "foundLibrary.keeps-texts",
    "breaks-at-nothing": "foundLibrary.no-server-error",
    "breaks-at-bytes": "foundLibrary.no-server-error",
    "takes-nothing": "foundLibrary.rejects-malformed",
    "counts-the-page": "listBooks.total",
    "needs-no-desk": "foundLibrary.wants-parameters",
    "forgets-policies": "getPolicy.keeps-what-was-sent",
    "one-policy-for-all": "setPolicy.only-that-one",
}

# What no document excludes is a warning.
DOUBTS = {
    "any-key": "getLibrary.knows-credentials",
    "moves-books": "changeBook.keeps-identity",
    "merges-rooms": "putRoom.replaces",
}


def judge(bed, variant):
    run = bed.conformance("run", bed.server("library", variant), "--openapi", DOCUMENT)
    assert run.stdout.rstrip().endswith("left 0"), run.stdout
    return run


@pytest.mark.parametrize("variant", RIGHT)
def test_a_right_server_is_not_blamed(bed, variant):
    run = judge(bed, variant)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "warned" not in run.stdout, run.stdout


@pytest.mark.parametrize("variant", DEFECTS)
def test_a_defect_is_told_by_the_requirement_that_it_breaks(bed, variant):
    run = judge(bed, variant)
    assert run.returncode == 1 and f"fail MUST {DEFECTS[variant]}\n" in run.stdout, run.stdout + run.stderr


@pytest.mark.parametrize("variant", DOUBTS)
def test_what_is_doubtful_is_a_warning(bed, variant):
    run = judge(bed, variant)
    assert run.returncode == 0 and f"warn SHOULD {DOUBTS[variant]}\n" in run.stdout, run.stdout + run.stderr


def test_credentials_that_every_request_bears_are_not_missed(bed):
    url = bed.server("library")
    run = bed.conformance("run", url, "--openapi", DOCUMENT, "--header", f"X-Library-Key: {TOKEN}")
    assert run.returncode == 0, run.stdout + run.stderr
    assert TOKEN not in run.stdout + run.stderr
