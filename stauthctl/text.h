/* SPDX-License-Identifier: MIT */
/* Everything that stauthctl says by itself; what it shares with the pages is
 * in base/text.h, what `nginx check` finds in nginx/check/rules.c. */
#ifndef CTL_TEXT_H
#define CTL_TEXT_H

#include "base/text.h"

/* --- the line */
#define CTL_TEXT_OPTION_TWICE       "duplicate option --%s"
#define CTL_TEXT_OPTION_NO_VALUE    "option --%s takes no value"
#define CTL_TEXT_OPTION_NEEDS_VALUE "option --%s requires a value"
#define CTL_TEXT_PASSWORD_ARGUMENT                                             \
	"a password is never an argument; use --password-stdin"
#define CTL_TEXT_OPTION_UNKNOWN "unknown option --%.*s"
#define CTL_TEXT_SHORT_UNKNOWN  "unknown option -%c"
#define CTL_TEXT_TOO_MANY       "too many arguments"
#define CTL_TEXT_OPTION_FOREIGN "%s%s%s has no option --%s"
#define CTL_TEXT_FEW_OPERANDS   "missing argument; usage: stauthctl %s%s%s %s"
#define CTL_TEXT_MANY_OPERANDS                                                 \
	"too many arguments; usage: stauthctl %s%s%s %s\n           (a "       \
	"password is never an argument)"
#define CTL_TEXT_VERB_UNKNOWN "unknown command: %s %.40s; expected one of: %s"
#define CTL_TEXT_VERB_MISSING "missing command after %s; expected one of: %s"
#define CTL_TEXT_NOUN_UNKNOWN "unknown command: %.40s; expected one of: %s"
#define CTL_TEXT_NOUN_MISSING "missing command; expected one of: %s"
#define CTL_TEXT_TRY_HELP     "Try: stauthctl --help\n"
#define CTL_TEXT_WRITE_FAILED "write error on stdout"
#define CTL_TEXT_NO_MEMORY    "out of memory"

/* --- passwords and questions */
#define CTL_TEXT_OPTIONS_EXCLUDE "options --%s and --%s exclude each other"
#define CTL_TEXT_NO_TERMINAL                                                   \
	"no terminal to ask for the password; use --password-stdin%s"
#define CTL_TEXT_OR_GENERATE     " or --generate"
#define CTL_TEXT_NO_PASSWORD     "no password"
#define CTL_TEXT_PASSWORD_UNREAD "no password was read; nothing was changed"
#define CTL_TEXT_PASSWORD_PROMPT "Password: "
#define CTL_TEXT_PASSWORD_AGAIN  "Password again: "
#define CTL_TEXT_YES_NO          " [y/N] "
#define CTL_TEXT_NOT_CONFIRMED   "cancelled; nothing was changed"

/* --- users and sessions */
#define CTL_TEXT_USER_SESSIONS    "user %s %s; sessions ended: %d"
#define CTL_TEXT_USER_DONE        "user %s %s"
#define CTL_TEXT_OPPOSITES        "an option and its opposite are both given"
#define CTL_TEXT_USER_NOTHING     "user set: nothing to change"
#define CTL_TEXT_USER_DELETE      "Delete user %s?"
#define CTL_TEXT_PASSWORD_SHOWN   "the new password, shown only once:"
#define CTL_TEXT_USER_ADDED       "user %s added"
#define CTL_TEXT_PASSWORD_SET     "password of %s changed; sessions ended: %d"
#define CTL_TEXT_PASSWORD_RIGHT   "the password is correct%s"
#define CTL_TEXT_LASTING          "--lasting goes with --generate only"
#define CTL_TEXT_PASSWORD_EXPIRED ", and must be changed"
#define CTL_TEXT_LINK_MAILED      "link mailed; valid for %d minutes"
#define CTL_TEXT_LINK_SHOWN       "valid once, for %d minutes"
#define CTL_TEXT_SESSIONS_ENDED   "sessions ended: %d"
#define CTL_TEXT_SOCKETS_CLOSED   "open WebSockets closed: %d"
#define CTL_TEXT_SOCKETS_OPEN                                                  \
	"open WebSockets closed: %d of %d; the relay has not answered yet"
#define CTL_TEXT_SESSION_WHOSE                                                 \
	"session revoke: expected one of ID, --user NAME, --all"
#define CTL_TEXT_SESSIONS_ALL     "End all sessions of all users?"
#define CTL_TEXT_PENDING_APPROVED "account %s made"
#define CTL_TEXT_INVITE_NUMBER    "--%s: expected a number from 1 to %d"
#define CTL_TEXT_INVITE_SHOWN     "shown only once; who has it can sign up"
#define CTL_TEXT_INVITE_REVOKED   "invitation %s revoked"
#define CTL_TEXT_PENDING_DELETED  "sign-ups of %s deleted"
#define CTL_TEXT_COUNTERS_CLEARED "counters cleared: %d"

/* --- import and export */
#define CTL_TEXT_IMPORT_DONE "%s: %zu added, %zu existing, %zu skipped"
#define CTL_TEXT_CONFIG_WRITTEN                                                \
	"%s written; check it: stauthctl -c %s config check"
#define CTL_TEXT_IMPORT_WOULD "dry run"
#define CTL_TEXT_IMPORT_DID   "imported"
#define CTL_TEXT_EXPORT_HASHES                                                 \
	"warning: the export contains the password hash of every account; "    \
	"protect it like the database"
#define CTL_TEXT_EXPORT_READABLE                                               \
	"warning: others can read the file it is written to; use chmod "       \
	"600, and umask 077 next time"

/* --- the store and the configuration */
#define CTL_TEXT_INIT_KEYS     "keys: %s/keys"
#define CTL_TEXT_INIT_DATABASE "database: %s (%s)"
#define CTL_TEXT_INIT_CURRENT  "up to date"
#define CTL_TEXT_INIT_CREATED  "created"
#define CTL_TEXT_INIT_CLASH                                                    \
	"warning: the e-mail address of \"%s\" is the user name of another "   \
	"account, which gets the log-ins by it; run: stauthctl user set "      \
	"\"%s\" --email ADDRESS"
#define CTL_TEXT_BACKUP_DONE                                                   \
	"backup written to %s; it contains every password hash"
#define CTL_TEXT_RESTORE_ASK                                                   \
	"Replace the whole database by %s and end every session?"
#define CTL_TEXT_RESTORE_DONE      "restored; everybody has to sign in again"
#define CTL_TEXT_NOTE              "note: %s"
#define CTL_TEXT_WARNING           "warning: %s"
#define CTL_TEXT_CONFIG_NO_GROUP   "there is no such group"
#define CTL_TEXT_CONFIG_UNREADABLE "the service cannot read %.200s"
#define CTL_TEXT_CONFIG_SELF                                                   \
	"%.200s: the service cannot read it; run: chgrp stauth %.200s && "     \
	"chmod 640 %.200s"
#define CTL_TEXT_CONFIG_OK     "config: ok %s\n"
#define CTL_TEXT_MAIL_ACCEPTED "mail to %s accepted by the server"
#define CTL_TEXT_NO_PUBLIC_URL                                                 \
	"warning: PUBLIC_URL is not set; the app will not know its own "       \
	"address"
#define CTL_TEXT_PORT "--port: expected a number from 1 to 65535"
#define CTL_TEXT_BASE "--base: expected a path of flags, digits and . _ ~ -"
#define CTL_TEXT_SECRETS_URL                                                   \
	"PUBLIC_URL is not set; st.login() needs the address of the app"
#define CTL_TEXT_HEAD          "--head: not the head of a seal (64 hex digits)"
#define CTL_TEXT_AUDIT_WAITING "%s; retrying"
#define CTL_TEXT_SINCE                                                         \
	"--since: expected 2026-11-23, 2026-11-23T21:05, Unix seconds, or "    \
	"an age like 30m, 12h, 7d"

/* --- nginx */
#define CTL_TEXT_NGINX_OK       "nginx: ok, %zu app%s behind the check\n"
#define CTL_TEXT_NGINX_FINDINGS "findings: %zu%s"
#define CTL_TEXT_NGINX_REFUSED  "nginx: %s"
#define CTL_TEXT_NGINX_MORE     ", and more"
#define CTL_TEXT_NGINX_OPERAND                                                 \
	"nginx check: expected no argument, or - to read the output of "       \
	"nginx -T"
#define CTL_TEXT_PROBE_OK        "nginx: ok, %zu requests\n"
#define CTL_TEXT_PROBE_FINDINGS  "findings: %zu"
#define CTL_TEXT_PROBE_URL       "nginx probe: %s"
#define CTL_TEXT_SNIPPET_WRITTEN "%s/%s written"

/* --- entries of an import */
/* These follow "Skipped NAME: ". */
#define CTL_TEXT_IMPORT_NO_COLON "expected NAME:HASH"
#define CTL_TEXT_IMPORT_LOCKED                                                 \
	"the password is locked; use `stauthctl user add`"
#define CTL_TEXT_IMPORT_EMPTY "no password; use `stauthctl user add`"
#define CTL_TEXT_IMPORT_ROOT                                                   \
	"the password of the host's root is not imported; use `stauthctl "     \
	"user add`"
#define CTL_TEXT_IMPORT_PASSWD                                                 \
	"the hash is not in this file but in the shadow file beside it"
#define CTL_TEXT_IMPORT_NO_OBJECT                                              \
	"not a JSON object, or a duplicate key; expected one object a line, "  \
	"or one array"
#define CTL_TEXT_IMPORT_KEY       "unknown key"
#define CTL_TEXT_IMPORT_TYPE      "a value is of the wrong type"
#define CTL_TEXT_IMPORT_NAMELESS  "no name"
#define CTL_TEXT_IMPORT_NO_TEXT   "a value is not a string, or too long"
#define CTL_TEXT_IMPORT_NO_LIST   "a value is not a list"
#define CTL_TEXT_IMPORT_KEY_TWICE "duplicate key"
#define CTL_TEXT_IMPORT_MERGE     "a merge key is not supported"
#define CTL_TEXT_IMPORT_NO_USER   "the entry of this user is empty"
/* These follow "Note on NAME: ", and the entry is imported. */
#define CTL_TEXT_IMPORT_SYSTEM_LOGIN                                           \
	"system log-in is set in the file, so it can log in to hosts"
#define CTL_TEXT_IMPORT_NO_PASSWORD                                            \
	"no password, so it cannot log in before `stauthctl user passwd` or "  \
	"a reset link"
#define CTL_TEXT_IMPORT_EXPIRED "expired there, so it is disabled here"
#define CTL_TEXT_IMPORT_EXPIRES                                                \
	"expires there on a date, but never here; disable it in time"
#define CTL_TEXT_IMPORT_ROLES                                                  \
	"some roles are not valid group names and were left out"
#define CTL_TEXT_IMPORT_ADMIN                                                  \
	"the role admin became a group; for a superuser use `stauthctl user "  \
	"set NAME --su`"
#define CTL_TEXT_IMPORT_WAS_PLAIN                                              \
	"the password was in plain text; only a hash is stored here, so "      \
	"delete that file"

/* 24 lines of 80 columns: what a terminal shows at once. */
#define CTL_TEXT_OVERVIEW                                                      \
	"usage: stauthctl [-c FILE] COMMAND ...\n"                             \
	"  init                       make or migrate the store and "          \
	"the keys\n"                                                           \
	"  user add NAME              [--su] [--email E] [--groups a,b] ...\n" \
	"  user list | show NAME      [--search S]\n"                          \
	"  user set NAME              [--su|--no-su] [--groups a,b] ...\n"     \
	"  user passwd NAME           [--password-stdin|--generate]\n"         \
	"  user verify NAME           is it the password? exit 0 or 77\n"      \
	"  user disable|enable|delete NAME           user reset-link NAME\n"   \
	"  session list [NAME]        session revoke ID | --user "             \
	"NAME | --all\n"                                                       \
	"  pending list | approve|delete EMAIL       mail test ADDRESS\n"      \
	"  invite add [--email E] [--uses N] | list | revoke ID\n"             \
	"  audit                      [--user NAME] [--since T] [--follow]\n"  \
	"  import KIND FILE [--dry-run]   KIND: st-auth-simple json "          \
	"htpasswd\n"                                                           \
	"                             shadow streamlit-authenticator "         \
	"authelia\n"                                                           \
	"  export [--with-hashes]     backup FILE | restore FILE\n"            \
	"  config check | show        streamlit-config\n"                      \
	"  nginx check [-] | probe URL | snippets DIR\n"                       \
	"anywhere on the line: -c, --config FILE; --json; --yes (ask "         \
	"nothing);\n"                                                          \
	"  -q, --quiet; -h, --help (also of a command); --version\n"           \
	"a password is asked for, or comes by --password-stdin or "            \
	"--generate.\n"                                                        \
	"exit: 0 done, 64 usage, 65 bad data, 67 not found, 69 store "         \
	"out of reach,\n"                                                      \
	"  73 exists, 75 try again, 77 denied, 78 configuration; see "         \
	"stauthctl(8)\n"                                                       \
	"examples:\n"                                                          \
	"  stauthctl import st-auth-simple /srv/app/.env --dry-run\n"

#endif
