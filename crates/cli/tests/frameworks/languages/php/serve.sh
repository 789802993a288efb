#!/bin/sh
# ./serve.sh PORT [DEFECT-OR-VARIANT]; state is a SQLite file made anew at every start
cd "$(dirname "$0")" || exit 1
mkdir -p "${TMPDIR:-/tmp}/conformance-php" || exit 1
export BED_MODE="$2" BED_DB="${TMPDIR:-/tmp}/conformance-php/$1.sqlite"
php init.php "$BED_DB" || exit 1
exec php -d display_errors=0 -d log_errors=1 -d error_log= -d default_mimetype= -S "127.0.0.1:$1" public/index.php
