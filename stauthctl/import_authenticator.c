/* SPDX-License-Identifier: MIT */
/*
 * YAML files that hold users below their names. The config.yaml of
 * streamlit-authenticator, 0.2 to 0.4:
 *
 *	credentials:
 *	  usernames:
 *	    NAME:
 *	      email: E
 *	      first_name: F		or, before 0.4, name: N
 *	      last_name: L
 *	      password: $2b$...		or plain text
 *	      roles: [R, ...]		or one word
 *
 * and Authelia's users_database.yml:
 *
 *	users:
 *	  NAME:
 *	    disabled: false
 *	    displayname: F
 *	    password: $argon2id$...
 *	    email: E
 *	    groups: [R, ...]
 *
 * In the order of the code:
 *
 *  1. A role becomes a group if it can be one, else it is reported and left
 *     out. No role makes a superuser.
 *  2. What looks like a hash is one; all else is the password itself, which
 *     is hashed now, and reported.
 *  3. All other keys are left aside: log-in state, hints, cookie keys.
 */
#include "import_sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/name.h"
#include "text.h"
#include "yaml_reader.h"

#include "base/banned.h"

#define TEXT_SIZE CTL_YAML_TEXT_SIZE
#define LISTS_MAX 32 /* that are shared */

enum field {
	EMAIL,
	FULL,
	FIRST,
	LAST,
	PASSWORD,
	ROLES,
	DISABLED,
	FIELDS
};

struct format {
	const char *outer; /* around users; NULL: nothing */
	const char *users;
	const char *path; /* both, for messages */
	bool only_hashes;
	const char *keys[FIELDS]; /* NULL: none of its */
};

static const struct format authenticator = {"credentials", "usernames",
	"credentials: usernames", false,
	{"email", "name", "first_name", "last_name", "password", "roles",
		NULL}};
static const struct format authelia = {NULL, "users", "users", true,
	{"email", "displayname", NULL, NULL, "password", "groups", "disabled"}};

/* Roles, as far as they were read. */
struct roles {
	char anchor[64]; /* "" none */
	char groups[STAUTH_GROUPS_SIZE];
	bool left_out; /* a role that is no group */
	bool admin;    /* a role that sounds like su */
};

/* What a whole reading shares. */
struct walk {
	struct ctl_yaml *yaml;
	const struct format *format;
	stauth_import_fn *take;
	void *arg;
	bool found; /* the users */
	size_t list_count;
	struct roles lists[LISTS_MAX];
};

/* One user, as far as it was read. */
struct user {
	struct ctl_yaml *yaml;
	struct walk *walk;
	struct stauth_import_record record;
	struct stauth_secret password;
	struct roles roles;
	unsigned int seen; /* bits of enum field */
	char why[96];
	char name[TEXT_SIZE];
	char email[TEXT_SIZE];
	char full[TEXT_SIZE];
	char first[TEXT_SIZE];
	char last[TEXT_SIZE];
	char both[2 * TEXT_SIZE + 1];
	char hash[TEXT_SIZE];
};

/* --- a user's values */

static enum stauth_rc refuse(
	struct user *user, const char *key, const char *what)
{
	if (user->record.refused == NULL) {
		snprintf(user->why, sizeof(user->why), "%s: \"%s\"", what, key);
		user->record.refused = user->why;
	}
	return STAUTH_OK;
}

/* The present scalar, or NULL for none and for what is refused. */
static const char *text_here(struct user *user, const char *key)
{
	const yaml_event_t *event = &user->yaml->event;

	if (event->type != YAML_SCALAR_EVENT) {
		(void)refuse(user, key, CTL_TEXT_IMPORT_NO_TEXT);
		return NULL;
	}
	const char *text = (const char *)event->data.scalar.value;
	if (strlen(text) != event->data.scalar.length ||
		event->data.scalar.length >= TEXT_SIZE) {
		(void)refuse(user, key, CTL_TEXT_IMPORT_NO_TEXT);
		return NULL;
	}
	return ctl_yaml_is_null(user->yaml) ? NULL : text;
}

/* --- 1. roles */

static void take_role(struct roles *roles, const char *role)
{
	char both[2 * STAUTH_GROUPS_SIZE];

	snprintf(both, sizeof(both), "%s%s%.*s", roles->groups,
		roles->groups[0] != '\0' ? "," : "", STAUTH_GROUPS_SIZE - 2,
		role);
	char sorted[STAUTH_GROUPS_SIZE];
	if (role[0] == '\0' || strpbrk(role, ", ") != NULL ||
		stauth_groups_canonical(both, false, sorted, NULL) !=
			STAUTH_OK) {
		roles->left_out = true; /* or one too many */
		return;
	}
	memcpy(roles->groups, sorted, sizeof(sorted));
	roles->admin = roles->admin || strcmp(role, "admin") == 0;
}

static enum stauth_rc take_list(
	struct user *user, const char *key, struct stauth_err *err)
{
	struct ctl_yaml *yaml = user->yaml;
	const yaml_char_t *anchor = yaml->event.data.sequence_start.anchor;

	snprintf(user->roles.anchor, sizeof(user->roles.anchor), "%s",
		anchor != NULL ? (const char *)anchor : "");
	enum stauth_rc rc = ctl_yaml_next(yaml, err);
	while (rc == STAUTH_OK && yaml->event.type != YAML_SEQUENCE_END_EVENT) {
		const char *role = text_here(user, key);

		if (role != NULL) {
			take_role(&user->roles, role);
		}
		rc = ctl_yaml_skip(yaml, err);
		if (rc == STAUTH_OK) {
			rc = ctl_yaml_next(yaml, err);
		}
	}
	struct walk *walk = user->walk;
	if (user->roles.anchor[0] != '\0' && walk->list_count < LISTS_MAX) {
		walk->lists[walk->list_count++] = user->roles;
	}
	return rc;
}

static enum stauth_rc take_roles(
	struct user *user, const char *key, struct stauth_err *err)
{
	const yaml_event_t *event = &user->yaml->event;

	if (event->type == YAML_SEQUENCE_START_EVENT) {
		return take_list(user, key, err);
	}
	if (event->type == YAML_ALIAS_EVENT) {
		const char *name = (const char *)event->data.alias.anchor;

		/* The last one of a name counts. */
		for (size_t i = user->walk->list_count; i-- > 0;) {
			if (strcmp(user->walk->lists[i].anchor, name) == 0) {
				user->roles = user->walk->lists[i];
				return STAUTH_OK;
			}
		}
		return refuse(user, key, CTL_TEXT_IMPORT_NO_LIST);
	}
	const char *word = text_here(user, key);
	if (word != NULL) {
		take_role(&user->roles, word);
	}
	return ctl_yaml_skip(user->yaml, err);
}

/* --- 2. the password */

/* "$2b$...", "$argon2id$...": an identifier between two dollars; "{CRYPT}". */
static bool looks_hashed(const char *text)
{
	if (text[0] == '{') {
		return true;
	}
	size_t len = text[0] == '$'
			     ? strspn(text + 1, "abcdefghijklmnopqrstuvwxyz"
						"0123456789")
			     : 0;

	return len > 0 && text[1 + len] == '$';
}

static void take_password(struct user *user, const char *text)
{
	struct stauth_err why;

	if (looks_hashed(text) || user->walk->format->only_hashes) {
		snprintf(user->hash, sizeof(user->hash), "%s", text);
		user->record.hash = user->hash;
	} else if (text[0] == '\0' ||
		   stauth_secret_set(&user->password, text, strlen(text),
			   &why) == STAUTH_OK) {
		user->record.password = &user->password;
	} else {
		(void)refuse(user, "password", CTL_TEXT_IMPORT_NO_TEXT);
	}
}

/* --- 3. the fields */

static enum stauth_rc take_field(struct user *user, enum field field,
	const char *key, struct stauth_err *err)
{
	char *const out[FIELDS] = {
		user->email, user->full, user->first, user->last};

	if (user->seen & (1U << field)) {
		(void)refuse(user, key, CTL_TEXT_IMPORT_KEY_TWICE);
		return ctl_yaml_skip(user->yaml, err);
	}
	user->seen |= 1U << field;
	if (field == ROLES) {
		return take_roles(user, key, err);
	}
	const char *text = text_here(user, key);
	if (text != NULL && field == PASSWORD) {
		take_password(user, text);
	} else if (text != NULL && field == DISABLED) {
		user->record.disabled = strcasecmp(text, "true") == 0;
		if (!user->record.disabled && strcasecmp(text, "false") != 0) {
			(void)refuse(user, key, CTL_TEXT_IMPORT_TYPE);
		}
	} else if (text != NULL) {
		snprintf(out[field], TEXT_SIZE, "%s", text);
	}
	return ctl_yaml_skip(user->yaml, err);
}

static enum stauth_rc user_pair(
	const char *key, size_t len, void *arg, struct stauth_err *err)
{
	struct user *user = arg;

	(void)len;
	if (strcmp(key, "<<") == 0) {
		(void)refuse(user, key, CTL_TEXT_IMPORT_MERGE);
	}
	for (size_t i = 0; i < FIELDS; i++) {
		const char *own = user->walk->format->keys[i];

		if (own != NULL && strcmp(key, own) == 0) {
			return take_field(user, (enum field)i, key, err);
		}
	}
	return ctl_yaml_skip(user->yaml, err);
}

/* --- a user */

static void add_notes(struct user *user)
{
	const char **note = user->record.notes;

	if (user->roles.left_out) {
		*note++ = CTL_TEXT_IMPORT_ROLES;
	}
	if (user->roles.admin) {
		*note++ = CTL_TEXT_IMPORT_ADMIN;
	}
	if (user->record.password != NULL) {
		*note++ = CTL_TEXT_IMPORT_WAS_PLAIN;
	} else if (user->record.hash == NULL) {
		*note++ = CTL_TEXT_IMPORT_NO_PASSWORD;
	}
}

/* As streamlit-authenticator shows people: the two names, else the one. */
static const char *shown_name(struct user *user)
{
	bool two = user->first[0] && user->last[0];

	snprintf(user->both, sizeof(user->both), "%s%s%s", user->first,
		two ? " " : "", user->last);
	return user->both[0] ? user->both : user->full;
}

static enum stauth_rc read_user(struct user *user, struct stauth_err *err)
{
	enum stauth_rc rc = STAUTH_OK;

	if (user->yaml->event.type == YAML_MAPPING_START_EVENT) {
		rc = ctl_yaml_each(user->yaml, user_pair, user, err);
	} else {
		user->record.refused = CTL_TEXT_IMPORT_NO_USER;
		rc = ctl_yaml_skip(user->yaml, err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	user->record.display_name = shown_name(user);
	user->record.groups = user->roles.groups;
	user->record.email = user->email[0] ? user->email : NULL;
	add_notes(user);
	return user->walk->take(&user->record, user->walk->arg, err);
}

static enum stauth_rc name_pair(
	const char *key, size_t len, void *arg, struct stauth_err *err)
{
	struct user *user = calloc(1, sizeof(*user));

	if (user == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	struct walk *walk = arg;
	user->walk = walk;
	user->yaml = walk->yaml;
	memcpy(user->name, key, len + 1);
	user->record.name = user->name;
	user->record.name_len = len;
	user->record.line = walk->yaml->key_line;
	enum stauth_rc rc = read_user(user, err);
	stauth_wipe(user, sizeof(*user));
	free(user);
	return rc;
}

/* --- the file */

static enum stauth_rc users_pair(
	const char *key, size_t len, void *arg, struct stauth_err *err)
{
	struct walk *walk = arg;
	const struct format *format = walk->format;

	(void)len;
	if (strcmp(key, format->users) != 0) {
		return ctl_yaml_skip(walk->yaml, err);
	}
	if (walk->yaml->event.type != YAML_MAPPING_START_EVENT) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"%zu: %s: expected a mapping%s",
			ctl_yaml_line(walk->yaml), format->users,
			format == &authenticator
				? " (lists are of streamlit-authenticator "
				  "before 0.2)"
				: "");
	}
	walk->found = true;
	return ctl_yaml_each(walk->yaml, name_pair, walk, err);
}

static enum stauth_rc outer_pair(
	const char *key, size_t len, void *arg, struct stauth_err *err)
{
	struct walk *walk = arg;

	(void)len;
	if (strcmp(key, walk->format->outer) != 0 ||
		walk->yaml->event.type != YAML_MAPPING_START_EVENT) {
		return ctl_yaml_skip(walk->yaml, err);
	}
	return ctl_yaml_each(walk->yaml, users_pair, walk, err);
}

static enum stauth_rc read_file(const struct ctl_import_file *file,
	const struct walk *start, struct stauth_err *err)
{
	struct walk *walk = malloc(sizeof(*walk));

	if (walk == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	*walk = *start;
	struct ctl_yaml yaml;
	enum stauth_rc rc = ctl_yaml_open(&yaml, file->fd, err);
	if (rc == STAUTH_OK) {
		walk->yaml = &yaml;
		rc = ctl_yaml_document(&yaml,
			walk->format->outer != NULL ? outer_pair : users_pair,
			walk, err);
		ctl_yaml_close(&yaml);
	}
	if (rc == STAUTH_OK && !walk->found) {
		rc = stauth_fail(err, STAUTH_BADVALUE,
			"missing key %s:", walk->format->path);
	}
	free(walk);
	return rc;
}

enum stauth_rc ctl_authenticator_read(
	void *self, stauth_import_fn *take, void *arg, struct stauth_err *err)
{
	const struct walk walk = {
		.format = &authenticator, .take = take, .arg = arg};

	return read_file(self, &walk, err);
}

enum stauth_rc ctl_authelia_read(
	void *self, stauth_import_fn *take, void *arg, struct stauth_err *err)
{
	const struct walk walk = {
		.format = &authelia, .take = take, .arg = arg};

	return read_file(self, &walk, err);
}
