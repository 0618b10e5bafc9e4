#!/bin/sh
# SPDX-License-Identifier: MIT
# What meson cannot do by itself: user, group and directories. Run by `meson
# install`.
set -eu

# What sysusers.conf and tmpfiles.conf say, where systemd is not installed (a
# container, say): there stauth makes the sockets, and gives them to nginx.
make_user() {
	if ! getent passwd stauth >/dev/null; then
		useradd --system --user-group --home-dir /var/lib/stauth \
			--no-create-home --shell /usr/sbin/nologin stauth
	fi
	if getent group www-data >/dev/null; then
		usermod -aG www-data stauth
	fi
	install -d -o stauth -g stauth -m 755 /run/stauth
	install -d -m 755 /etc/stauth
	install -d -o stauth -g stauth -m 2770 /var/lib/stauth
}

if [ -z "${DESTDIR:-}" ] && [ "$(id -u)" = 0 ]; then
	if command -v systemd-sysusers >/dev/null; then
		systemd-sysusers stauth.conf
		systemd-tmpfiles --create stauth.conf || true
	elif command -v useradd >/dev/null; then
		make_user
	fi
	# Units of an earlier version may be running.
	if [ -d /run/systemd/system ]; then
		systemctl daemon-reload
	fi
fi
