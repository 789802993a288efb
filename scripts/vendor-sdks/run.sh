#!/usr/bin/env bash
# Runs each vendor's own SDK, unmodified, against a mock of that vendor's OpenAPI document.
#
#     run.sh FOLDER_OF_DOCUMENTS [CONFORMANCE]

set -uo pipefail

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
    echo "usage: $0 FOLDER_OF_DOCUMENTS [CONFORMANCE]" >&2
    exit 2
fi
documents=$1
conformance=${2:-conformance}
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "$here/../.." && pwd)/target/vendor-sdks
mkdir -p "$work"

# Node looks for node_modules next to a program and above it, so the programs are copied to them.
if [ ! -x "$work/venv/bin/python" ]; then
    python3 -m venv "$work/venv" || exit 2
fi
"$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" || exit 2
cp "$here/package.json" "$here"/*.mjs "$work/"
npm install --prefix "$work" --silent --no-audit --no-fund || exit 2

mocks=()
stop() {
    for mock in ${mocks[@]+"${mocks[@]}"}; do
        kill "$mock" 2>/dev/null
    done
    wait
}
trap stop EXIT
trap 'exit 130' INT TERM

passed=0
failed=0

failure() {
    echo "$1: FAILED $2"
    failed=$((failed + 1))
}

# A mock of document $1, whose address goes into `url`.
mock() {
    url=
    document=$1
    local first=$work/$1.url
    : >"$first"
    "$conformance" mock --openapi "$documents/$1" --port 0 -q >"$first" 2>"$work/$1.log" &
    mocks+=($!)
    for _ in $(seq 200); do
        url=$(head -n 1 "$first" | grep -o 'http://[^ ]*')
        if [ -n "$url" ] || ! kill -0 $! 2>/dev/null; then
            break
        fi
        sleep 0.1
    done
}

# One program: each of its lines is `ok STEP` or `FAILED STEP: WHY`.
try() {
    local sdk=$1 line ended before=$failed
    shift
    if [ -z "$url" ]; then
        failure "$sdk" "the mock did not start: $(head -n 1 "$work/$document.log")"
        return
    fi
    timeout 120 "$@" "$url" >"$work/out" 2>"$work/err"
    ended=$?
    while IFS= read -r line; do
        case $line in
            "ok "*) echo "$sdk: $line" && passed=$((passed + 1)) ;;
            "FAILED "*) failure "$sdk" "${line#FAILED }" ;;
        esac
    done <"$work/out"
    if [ "$ended" -ne 0 ] && [ "$failed" -eq "$before" ]; then
        failure "$sdk" "the program: exit $ended: $(tail -n 1 "$work/err")"
    elif [ ! -s "$work/out" ]; then
        failure "$sdk" "the program: no step was run"
    fi
}

python() {
    try "$1 (Python)" "$work/venv/bin/python" "$here/$2"
}

node() {
    try "$1 (Node)" env node "$work/$2"
}

mock stripe.json
python stripe python_stripe.py
node stripe node_stripe.mjs
mock github.json
python PyGithub python_github.py
node @octokit/rest node_octokit.mjs
mock twilio.json
python twilio python_twilio.py
mock digitalocean.json
python pydo python_pydo.py
mock svix.json
python svix python_svix.py
mock resend.yaml
python resend python_resend.py

echo "$passed ok, $failed failed"
[ "$failed" -eq 0 ]
