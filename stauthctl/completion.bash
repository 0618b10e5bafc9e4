# SPDX-License-Identifier: MIT
# Completion of stauthctl in bash. Verbs and options are read from its own
# --help; names, sessions and addresses from the store, where the caller may
# read it.

_stauthctl_first_column() {
	"$program" "${config[@]}" "$@" 2>/dev/null </dev/null |
		awk 'NR > 1 && NR <= 1000 { print $1 }'
}

_stauthctl_options() {
	"$program" "${words[@]:0:2}" --help 2>/dev/null |
		grep -oE -- '--[a-z][a-z-]+' | sort -u
	printf '%s\n' -c -q --config --json --yes --quiet --help --version
}

_stauthctl_operands() {
	case "${words[0]-} ${words[1]-}" in
	"user list" | "user add") ;;
	user\ ?* | "session list") _stauthctl_first_column user list --search "$cur" ;;
	"session revoke") _stauthctl_first_column session list ;;
	"pending approve" | "pending delete") _stauthctl_first_column pending list ;;
	"invite revoke") _stauthctl_first_column invite list ;;
	"throttle clear") _stauthctl_first_column user list --search "$cur" ;;
	import\ ?* | backup\ * | restore\ *) compgen -f -- "$cur" ;;
	"nginx snippets") compgen -d -- "$cur" ;;
	" ")
		"$program" 2>&1 | sed -n 's/.*expected one of: //p' |
			tr -s ', ' '\n'
		;;
	*)
		"$program" "${words[0]}" --help 2>/dev/null |
			sed -n "s/^stauthctl ${words[0]} \([a-z][a-z-]*\).*/\1/p"
		;;
	esac
}

_stauthctl() {
	local program=$1 line=${COMP_LINE:0:COMP_POINT} cur previous="" i
	local -a typed words=() config=()

	# bash cuts its words at the @ of a name.
	read -ra typed <<<"$line"
	[[ $line == *[[:space:]] ]] && typed+=("")
	cur=${typed[-1]}
	for ((i = 1; i < ${#typed[@]} - 1; i++)); do
		previous=${typed[i]}
		case $previous in
		-c | --config)
			if ((i + 1 < ${#typed[@]} - 1)); then
				config=(-c "${typed[++i]}")
				previous=""
			fi
			;;
		-*) ;;
		*) words+=("$previous") ;;
		esac
	done

	local found
	case $previous in
	-c | --config | --write-config) found=$(compgen -f -- "$cur") ;;
	--user) found=$(_stauthctl_first_column user list --search "$cur") ;;
	*)
		if [[ $cur == -* ]]; then
			found=$(_stauthctl_options)
		else
			found=$(_stauthctl_operands)
		fi
		;;
	esac
	local cut=${cur%"${cur##*[@:=]}"} word
	COMPREPLY=()
	while read -r word; do
		[[ -n $word && $word == "$cur"* ]] &&
			COMPREPLY+=("${word#"$cut"}")
	done <<<"$found"
}

complete -o filenames -F _stauthctl stauthctl
