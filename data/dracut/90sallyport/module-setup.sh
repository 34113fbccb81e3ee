#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Called by dracut(8). Variables and functions are dracut's.

# Only where it was asked for (255), and not where it would cut off what dom0 boots from.
check() {
	require_binaries sallyportd || return 1
	if [[ $hostonly ]] && sallyport ports --raw --noheadings -o REASON 2>/dev/null |
		grep -q -x needed-by-dom0; then
		dwarn "sallyport: dom0 needs a device below an external port ('sallyport ports' says which): left out"
		return 1
	fi
	return 255
}

depends() {
	echo systemd
}

installkernel() {
	hostonly='' instmods xen-privcmd xenfs
}

install() {
	inst_binary sallyportd /usr/sbin/sallyportd
	inst_multiple -o /etc/sallyport/sallyport.conf '/etc/sallyport/conf.d/*.conf'
	inst_simple "$systemdsystemunitdir/sallyportd-early.service"
	printf '%s\n' xen-privcmd xenfs >"$initdir/etc/modules-load.d/sallyport.conf"
	$SYSTEMCTL -q --root "$initdir" add-wants sysinit.target sallyportd-early.service
}
