#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# sample_test.sh DAEMON SAMPLE CLI RULES: are configuration and rules accepted, with and without their comment signs?
set -eu
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

cp "$2" "$folder/sallyport.conf"
"$1" --check-config --config-dir="$folder"
sed 's/^#\([A-Z][A-Za-z]*=\)/\1/' "$2" >"$folder/sallyport.conf"
[ "$(grep -c '^[A-Z][A-Za-z]*=' "$folder/sallyport.conf")" -eq 9 ]
"$1" --check-config --config-dir="$folder"

"$3" rules check "$4"
sed -E 's/^#((reject|let|assign) )/\1/' "$4" >"$folder/sample.rules"
[ "$(grep -cE '^(reject|let|assign) ' "$folder/sample.rules")" -eq 4 ]
"$3" rules check "$folder/sample.rules"
