"""Right servers, written as one writes them with four frameworks, pass: alone and behind nginx, once and again."""

import pathlib

import pytest
from conftest import SECOND_TOKEN, held


def stand(bed, origin, front):
    return (origin, []) if front == "alone" else bed.nginx(origin, front)


@pytest.mark.parametrize("front", ["alone", "h1", "h2c", "h2"])
@pytest.mark.parametrize("name", ["express", "fastify", "fastapi", "flask"])
def test_a_right_server_passes_and_is_left_as_it_was(bed, name, front):
    origin = bed.server(name)
    url, options = stand(bed, origin, front)
    for _ in range(2):
        run = bed.conformance("run", url, *options, "--quiet", "--snapshots", "snapshots")
        assert run.returncode == 0, run.stdout + run.stderr
        assert run.stdout.rstrip().endswith("left 0"), run.stdout
        assert held(origin) == held(origin, SECOND_TOKEN) == []
    sweep = bed.conformance("sweep", url, *options)
    assert sweep.returncode == 0 and "nothing to sweep" in sweep.stdout + sweep.stderr, sweep.stdout + sweep.stderr


@pytest.mark.parametrize("name", ["express", "fastify", "fastapi", "flask"])
def test_a_right_server_passes_with_nothing_but_its_document(bed, name):
    origin = bed.server(name)
    document = pathlib.Path(__file__).parents[4] / "docs" / "openapi.json"
    run = bed.conformance("run", origin, "--openapi", str(document))
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.rstrip().endswith("left 0"), run.stdout
    assert held(origin) == []


SHAPES = {"link-header": "", "nested": "", "page-numbers": "/api/v1", "named": "", "basic": "/rest", "problems": ""}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_right_server_of_another_shape_passes_with_nothing_but_its_document(bed, shape):
    origin = bed.server("shapes", shape)
    document = pathlib.Path(__file__).parents[4] / "fixtures" / "documents" / f"{shape}.yaml"
    run = bed.conformance("run", origin + SHAPES[shape], "--openapi", str(document), "--deny-warnings")
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.rstrip().endswith("left 0"), run.stdout
