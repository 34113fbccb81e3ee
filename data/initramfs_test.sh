#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# initramfs_test.sh FOLDER: are the units and the scripts of the initramfs well-formed? The scripts are run by
# `lab/run early`.
set -eu
cd "$1"

for script in initramfs-tools/hook initramfs-tools/init-top initramfs-tools/init-bottom; do
	sh -n "$script"
	[ -x "$script" ]
	[ -z "$(sh "$script" prereqs)" ]
done
bash -n dracut/90sallyport/module-setup.sh
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
for unit in sallyportd.service sallyportd-early.service; do
	# What it starts is not installed yet.
	sed -E 's,^(ExecStart|ExecReload)=[^ ]*,\1=/bin/true,' "$unit" >"$folder/$unit"
	systemd-analyze verify --man=no "$folder/$unit"
done
