"""What the Python programs share: a line of result per step, and the mock's address.

    with step("retrieve"):
        same(client.get(id).name, "Ada")
"""

import sys
from contextlib import contextmanager

MOCK = sys.argv[1].rstrip("/")
_failed = 0


@contextmanager
def step(name):
    global _failed
    try:
        yield
        print(f"ok {name}", flush=True)
    except Exception as error:
        _failed += 1
        if isinstance(error, NameError):
            why = f"an earlier step did not get so far ({error})"
        else:
            why = f"{type(error).__name__}: {error}"
        print(f"FAILED {name}: {' '.join(why.split())[:400]}", flush=True)


def same(got, wanted):
    if got != wanted:
        raise AssertionError(f"got {got!r}, not {wanted!r}")


def each_once(got, wanted):
    got, wanted = sorted(got), sorted(wanted)
    if got != wanted:
        missing = len(set(wanted) - set(got))
        strange = len(set(got) - set(wanted))
        raise AssertionError(
            f"{len(wanted)} exist, {len(got)} came: {missing} missing, "
            f"{strange} strange, {len(got) - len(set(got))} repeated"
        )


def raised(kind, call):
    """The error of this type that the call ends with."""
    try:
        answer = call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}, but {answer!r}")


def done():
    sys.exit(1 if _failed else 0)
