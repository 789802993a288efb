#!/bin/sh
# ./serve.sh PORT [DEFECT-OR-VARIANT]
cd "$(dirname "$0")" || exit 1
BED_MODE="$2" exec puma -q -e production -t 2:8 -b "tcp://127.0.0.1:$1" config.ru
