#!/bin/sh
# ./serve.sh PORT [DEFECT-OR-VARIANT]
cd "$(dirname "$0")" || exit 1
PORT="$1" BED_MODE="$2" NODE_ENV=production exec node server.js
