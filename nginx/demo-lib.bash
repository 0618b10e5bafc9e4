# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2154
# Parts of nginx/demo: its processes, and what has to be there before they
# can start. Sourced; uses top, dir, uid and python, sets gate, ctl and venv.

packages=(
	gcc libc6-dev meson ninja-build pkg-config python3 python3-venv
	libfcgi-dev libsqlite3-dev libssl-dev libargon2-dev libcrypt-dev
	libzxcvbn-dev libjansson-dev libidn2-dev libsmartcols-dev libpam0g-dev
	libcurl4-openssl-dev libyaml-dev libqrencode-dev
	nginx-light openssl ca-certificates
)
children=() step_pid='' step_in_group=1
as_root=() policy='' as_nobody=()

say() {
	printf '%s\n' "$*" >&2
}

die() {
	local code=$1
	shift
	say "demo: $*"
	exit "$code"
}

# --- processes: each leads a process group of its own, so that Ctrl-C reaches
# only this script, and whatever they start ends with them.

kill_group() {
	local i
	kill -TERM -- "-$1" 2>/dev/null || return 0
	for i in {1..60}; do
		kill -0 -- "-$1" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -KILL -- "-$1" 2>/dev/null || true
}

# Runs a command with its output in a log; shows that time goes by.
step() {
	local label=$1 start=$SECONDS ticks=0 code=0
	shift
	printf '%s ' "$label" >&2
	if [ $step_in_group = 1 ]; then
		set -- setsid "$@"
	fi
	"$@" >>"$dir/log/install.log" 2>&1 </dev/null 7>&- 8>&- &
	step_pid=$!
	while kill -0 "$step_pid" 2>/dev/null; do
		sleep 0.2
		ticks=$((ticks + 1))
		[ $((ticks % 10)) != 0 ] || printf '.' >&2
	done
	wait "$step_pid" || code=$?
	step_pid=''
	if [ $code != 0 ]; then
		say ' failed:'
		tail -n 25 "$dir/log/install.log" >&2
		return "$code"
	fi
	say " $((SECONDS - start)) s"
}

# spawn LOG [setpriv's OPTIONS] -- COMMAND...
spawn() {
	local log=$dir/log/$1 options=()
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	setsid setpriv ${options[@]+"${options[@]}"} --pdeathsig TERM "$@" \
		>>"$log" 2>&1 </dev/null 7>&- 8>&- &
	children+=($!)
}

# wait_until WHAT LOG TEST...: the last child, up to a minute.
wait_until() {
	local what=$1 log=$dir/log/$2 i
	shift 2
	for i in {1..600}; do
		kill -0 "${children[-1]}" 2>/dev/null || break
		! "$@" || return 0
		sleep 0.1
	done
	say "demo: $what did not start:"
	tail -n 15 "$log" >&2
	exit 70
}

# --- packages

remove_policy() {
	[ -z "$policy" ] || "${as_root[@]}" rm -f "$policy"
	policy=''
}

missing_packages() {
	local name state
	for name in "${packages[@]}"; do
		if [ "$name" = nginx-light ] && nginx -V 2>&1 |
			grep -q http_auth_request_module; then
			continue
		fi
		state=$(dpkg-query -W -f '${Status}' "$name" 2>/dev/null || true)
		[ "$state" = 'install ok installed' ] || printf '%s\n' "$name"
	done
}

install_packages() {
	local missing
	mapfile -t missing < <(missing_packages)
	[ ${#missing[@]} -gt 0 ] || return 0
	as_root=(env DEBIAN_FRONTEND=noninteractive)
	if [ "$uid" != 0 ]; then
		if ! sudo -n true 2>/dev/null; then
			say 'Packages are missing. Install them, then run me again:'
			say "  apt-get update && apt-get install" \
				"--no-install-recommends ${missing[*]}"
			exit 69
		fi
		as_root=(sudo -n env DEBIAN_FRONTEND=noninteractive)
	fi
	# dpkg must not be interrupted, and sudo knows its caller by the terminal.
	step_in_group=0
	# The nginx package must not start its own service because of us.
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		policy=/usr/sbin/policy-rc.d
		printf '#!/bin/sh\nexit 101\n' |
			"${as_root[@]}" tee "$policy" >/dev/null
		"${as_root[@]}" chmod 755 "$policy"
	fi
	step 'Reading the list of packages' \
		"${as_root[@]}" apt-get -q -o DPkg::Lock::Timeout=300 update ||
		exit 69
	step "Installing ${#missing[@]} packages" \
		"${as_root[@]}" apt-get -q -y -o DPkg::Lock::Timeout=300 install \
		--no-install-recommends "${missing[@]}" || exit 69
	step_in_group=1
	remove_policy
}

# --- build

# What takes long is kept in the checkout, if that is ours.
pick_cache() {
	cache=$dir
	if [ -O "$top" ] && [ -w "$top" ] && mkdir -p "$top/build" 2>/dev/null &&
		[ -w "$top/build" ]; then
		cache=$top/build
	fi
	mkdir -p "$cache/cache"
}

build() {
	local folder=$cache/demo
	exec 8>>"$cache/cache/demo.lock"
	flock 8
	if [ ! -e "$folder/build.ninja" ]; then
		step 'Configuring the build' meson setup -Dtests=false \
			-Dman-pages=disabled "$folder" "$top" || exit 70
	fi
	step 'Building the gate' ninja -C "$folder" || exit 70
	exec 8>&-
	gate=$folder/fcgi_gate/fcgi_gate
	ctl=$folder/stauthctl/stauthctl
}

may_nobody_run() {
	[ "$uid" != 0 ] ||
		setpriv "${as_nobody[@]}" "$1" -c 'import streamlit' 2>/dev/null
}

make_venv() {
	local app=$top/streamlit_app
	local make=("$app/make-venv" "$cache/cache" "$app/requirements.txt" "$app")
	local label='Fetching Streamlit (110 MB the first time)'
	[ "$uid" != 0 ] ||
		as_nobody=(--reuid nobody --regid nogroup --clear-groups)
	step "$label" "${make[@]}" || exit 70
	venv=$("${make[@]}")
	if ! may_nobody_run "$venv"; then
		# A checkout below /root, for one: the app's user cannot read it.
		make[1]=$dir/cache
		step 'Once more, to where the app may read it' "${make[@]}" ||
			exit 70
		venv=$("${make[@]}")
	fi
}
