#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# sample_test.sh DAEMON SAMPLE: is the sample configuration accepted, with and without its comment signs?
set -eu
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

cp "$2" "$folder/sallyport.conf"
"$1" --check-config --config-dir="$folder"
sed 's/^#\([A-Z][A-Za-z]*=\)/\1/' "$2" >"$folder/sallyport.conf"
[ "$(grep -c '^[A-Z][A-Za-z]*=' "$folder/sallyport.conf")" -eq 6 ]
"$1" --check-config --config-dir="$folder"
