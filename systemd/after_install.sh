#!/bin/sh
# SPDX-License-Identifier: MIT
# What meson cannot set by itself: the helper's group and set-group-id bit, and
# the order of things to do next. Run by `meson install`.
set -eu
helper=${DESTDIR:-}$1/stauth/stauth_chkpwd

if [ -z "${DESTDIR:-}" ] && [ "$(id -u)" = 0 ]; then
	if command -v systemd-sysusers >/dev/null; then
		systemd-sysusers stauth.conf
		systemd-tmpfiles --create stauth.conf || true
	fi
	# Units of an earlier version may be running.
	if [ -d /run/systemd/system ]; then
		systemctl daemon-reload
	fi
	if getent group stauth >/dev/null; then
		chown root:stauth "$helper"
		chmod 2755 "$helper"
	else
		echo "There is no group stauth yet. Make it (systemd/sysusers.conf), then:"
		echo "  chown root:stauth $helper && chmod 2755 $helper"
	fi
fi
