/* SPDX-License-Identifier: MIT */
/* What only stauthctl says about the entries of an import. */
#ifndef CTL_TEXT_H
#define CTL_TEXT_H

#include "base/text.h"

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

#endif
