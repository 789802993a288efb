#!/usr/bin/env python3
"""Measures mocks of OpenAPI documents: a row per document. See README.md."""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import requests

from client import Client, Mock
from cycle import Cycle
from document import load

COLUMNS = (
    "document", "operations", "start s", "start MiB", "2XX", "valid", "create→GET", "text", "full cycle", "pages",
    "end MiB", "run", "run s",
)
VERDICTS = {0: "holds", 1: "fails", 2: "unusable", 3: "unreachable", 4: "incomplete", 5: "left over"}


def of(good, all_):
    return f"{good}/{all_}" if all_ else "—"


def measure(path, document, args):
    """The numbers of one document, and what went wrong."""
    row, failed = {"document": path.name, "operations": len(document.operations)}, []
    with Mock(args.binary, path, args.timeout) as mock:
        if not mock.url:
            return {**row, "run": "does not start"}, ["the mock does not start"]
        row |= {"start s": f"{mock.took:.2f}", "start MiB": whole(mock.memory())}
        client = Client(document, mock)
        cycle = Cycle(client)
        answered = valid = 0
        for operation in document.operations:
            try:
                answer = client.call(operation, cycle.values(operation))
            except requests.RequestException as error:
                failed.append(f"{operation}: {type(error).__name__}")
                continue
            answered += answer.status // 100 == 2
            valid += answer.status // 100 == 2 and answer.error is None
            if answer.status // 100 != 2 or answer.error:
                failed.append(f"{operation}: {answer.status} {answer.error or ''} {str(answer.body)[:160]}")
        all_ = len(document.operations)
        row |= {"2XX": of(answered, all_), "valid": of(valid, all_)}
        cycle.found.clear()
        client.token = "measure-objects"
        counts = cycle.measure()
        names = {"found": "create→GET", "texts": "text", "cycles": "full cycle", "pages": "pages"}
        row |= {names[name]: of(*count) for name, count in counts.items()}
        row["end MiB"] = whole(mock.memory("VmHWM"))
    return row, failed + cycle.failed


def whole(number):
    return "—" if number is None else f"{number:.0f}"


def verdict(path, args):
    """What `run --openapi` says of a mock of the same document."""
    begin = time.monotonic()
    command = [args.binary, "run", "--openapi", str(path), "--format", "json"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=args.run_timeout, check=False)
    except subprocess.TimeoutExpired:
        return {"run": "timed out", "run s": whole(args.run_timeout)}
    word = VERDICTS.get(done.returncode, f"exit {done.returncode}")
    try:
        numbers = json.loads(done.stdout)["numbers"]
        word += f" ({numbers['passed']} passed, {numbers['failed']} failed, {numbers['warned']} warned)"
    except (ValueError, KeyError):
        pass
    return {"run": word, "run s": f"{time.monotonic() - begin:.1f}"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder of documents, in JSON or YAML")
    parser.add_argument("--binary", default="conformance", help="the conformance binary")
    parser.add_argument("--only", action="append", help="this file only; may be given several times")
    parser.add_argument("--no-run", action="store_true", help="leave out the verdict of `run --openapi`")
    parser.add_argument("--timeout", type=float, default=30, help="seconds for a response")
    parser.add_argument("--run-timeout", type=float, default=600, help="seconds for a run")
    parser.add_argument("--json", type=Path, help="write the numbers, and what went wrong, to this file")
    return parser.parse_args()


def main():
    args = arguments()
    files = sorted(one for one in args.folder.iterdir() if one.suffix in (".json", ".yaml", ".yml"))
    files = [one for one in files if not args.only or one.name in args.only]
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS), flush=True)
    rows = []
    for path in files:
        document = load(path)
        if document is None:
            print(f"{path.name} is no OpenAPI document", file=sys.stderr)
            continue
        row, failed = measure(path, document, args)
        if not args.no_run and "run" not in row:
            row |= verdict(path, args)
        print("| " + " | ".join(str(row.get(one, "—")) for one in COLUMNS) + " |", flush=True)
        rows.append({**row, "failed": failed})
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0 if rows else 2


if __name__ == "__main__":
    sys.exit(main())
