/* SPDX-License-Identifier: MIT */
/*
 * The config.yaml of streamlit-authenticator, 0.2 to 0.4:
 *
 *	credentials:
 *	  usernames:
 *	    NAME:
 *	      email: E
 *	      first_name: F		or, before 0.4, name: N
 *	      last_name: L
 *	      password: $2b$...		or plain text
 *	      roles: [R, ...]
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

#include "auth/name.h"
#include "base/buf.h"
#include "text.h"
#include "yaml_reader.h"

#include "base/banned.h"

#define TEXT_SIZE CTL_YAML_TEXT_SIZE

/* One user, as far as it was read. */
struct user {
	struct ctl_yaml *yaml;
	stauth_import_fn *take;
	void *arg;
	struct stauth_import_record record;
	struct stauth_secret password;
	struct stauth_buf groups;
	unsigned int seen; /* bits of enum field */
	bool left_out;     /* a role that is no group */
	bool admin;        /* a role that sounds like su */
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

static bool can_be_group(const char *role)
{
	char scratch[STAUTH_GROUPS_SIZE];

	return role[0] && strpbrk(role, ", ") == NULL &&
	       stauth_groups_canonical(role, false, scratch, NULL) == STAUTH_OK;
}

static void take_role(struct user *user, const char *role)
{
	size_t before = user->groups.len;

	if (!can_be_group(role)) {
		user->left_out = true;
		return;
	}
	stauth_buf_add(&user->groups, before ? "," : "");
	stauth_buf_add(&user->groups, role);
	char scratch[STAUTH_GROUPS_SIZE];
	if (stauth_groups_canonical(stauth_buf_str(&user->groups), false,
		    scratch, NULL) != STAUTH_OK) {
		user->groups.len = before; /* one too many */
		user->groups.data[before] = '\0';
		user->left_out = true;
	}
	user->admin = user->admin || strcmp(role, "admin") == 0;
}

static enum stauth_rc take_roles(
	struct user *user, const char *key, struct stauth_err *err)
{
	struct ctl_yaml *yaml = user->yaml;

	if (ctl_yaml_is_null(yaml)) {
		return STAUTH_OK;
	}
	if (yaml->event.type != YAML_SEQUENCE_START_EVENT) {
		(void)refuse(user, key, CTL_TEXT_IMPORT_NO_LIST);
		return ctl_yaml_skip(yaml, err);
	}
	enum stauth_rc rc = ctl_yaml_next(yaml, err);
	while (rc == STAUTH_OK && yaml->event.type != YAML_SEQUENCE_END_EVENT) {
		const char *role = text_here(user, key);

		if (role != NULL) {
			take_role(user, role);
		}
		rc = ctl_yaml_skip(yaml, err);
		if (rc == STAUTH_OK) {
			rc = ctl_yaml_next(yaml, err);
		}
	}
	return rc;
}

/* --- 2. the password */

/* "$2b$...", "$argon2id$...": an identifier between two dollars. */
static bool looks_hashed(const char *text)
{
	size_t len = text[0] == '$'
			     ? strspn(text + 1, "abcdefghijklmnopqrstuvwxyz"
						"0123456789")
			     : 0;

	return len > 0 && text[1 + len] == '$';
}

static void take_password(struct user *user, const char *text)
{
	struct stauth_err why;

	if (looks_hashed(text)) {
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

enum field {
	EMAIL,
	FULL,
	FIRST,
	LAST,
	PASSWORD,
	ROLES,
	FIELDS
};

static const char *const field_keys[FIELDS] = {
	"email", "name", "first_name", "last_name", "password", "roles"};

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
	for (size_t i = 0; i < FIELDS; i++) {
		if (strcmp(key, field_keys[i]) == 0) {
			return take_field(user, (enum field)i, key, err);
		}
	}
	return ctl_yaml_skip(user->yaml, err);
}

/* --- a user */

static void add_notes(struct user *user)
{
	const char **note = user->record.notes;

	if (user->left_out) {
		*note++ = CTL_TEXT_IMPORT_ROLES;
	}
	if (user->admin) {
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
	user->record.groups = stauth_buf_str(&user->groups);
	user->record.email = user->email[0] ? user->email : NULL;
	add_notes(user);
	return user->take(&user->record, user->arg, err);
}

struct walk {
	struct ctl_yaml *yaml;
	stauth_import_fn *take;
	void *arg;
	bool found; /* credentials: usernames: */
};

static enum stauth_rc name_pair(
	const char *key, size_t len, void *arg, struct stauth_err *err)
{
	struct user *user = calloc(1, sizeof(*user));

	if (user == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	const struct walk *walk = arg;
	user->yaml = walk->yaml;
	user->take = walk->take;
	user->arg = walk->arg;
	memcpy(user->name, key, len + 1);
	user->record.name = user->name;
	user->record.name_len = len;
	user->record.line = walk->yaml->key_line;
	stauth_buf_init(&user->groups, STAUTH_GROUPS_SIZE);
	enum stauth_rc rc = read_user(user, err);
	stauth_buf_finish(&user->groups);
	stauth_wipe(user, sizeof(*user));
	free(user);
	return rc;
}

/* --- the file */

static enum stauth_rc credentials_pair(
	const char *key, size_t len, void *arg, struct stauth_err *err)
{
	struct walk *walk = arg;

	(void)len;
	if (strcmp(key, "usernames") != 0) {
		return ctl_yaml_skip(walk->yaml, err);
	}
	if (walk->yaml->event.type != YAML_MAPPING_START_EVENT) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"%zu: usernames: expected a mapping (lists are of "
			"streamlit-authenticator before 0.2)",
			ctl_yaml_line(walk->yaml));
	}
	walk->found = true;
	return ctl_yaml_each(walk->yaml, name_pair, walk, err);
}

static enum stauth_rc top_pair(
	const char *key, size_t len, void *arg, struct stauth_err *err)
{
	struct walk *walk = arg;

	(void)len;
	if (strcmp(key, "credentials") != 0 ||
		walk->yaml->event.type != YAML_MAPPING_START_EVENT) {
		return ctl_yaml_skip(walk->yaml, err);
	}
	return ctl_yaml_each(walk->yaml, credentials_pair, walk, err);
}

static enum stauth_rc read_document(struct walk *walk, struct stauth_err *err)
{
	struct ctl_yaml *yaml = walk->yaml;
	enum stauth_rc rc = ctl_yaml_next(yaml, err); /* of the stream */

	if (rc == STAUTH_OK) {
		rc = ctl_yaml_next(yaml, err);
	}
	if (rc == STAUTH_OK && yaml->event.type == YAML_DOCUMENT_START_EVENT) {
		rc = ctl_yaml_next(yaml, err);
	}
	if (rc == STAUTH_OK && yaml->event.type == YAML_MAPPING_START_EVENT) {
		rc = ctl_yaml_each(yaml, top_pair, walk, err);
	}
	if (rc == STAUTH_OK && !walk->found) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"missing key credentials: usernames:");
	}
	for (int i = 0; rc == STAUTH_OK && i < 2; i++) {
		rc = ctl_yaml_next(yaml, err); /* ends of document and stream */
	}
	if (rc == STAUTH_OK && yaml->event.type != YAML_STREAM_END_EVENT) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"%zu: unexpected second document", ctl_yaml_line(yaml));
	}
	return rc;
}

enum stauth_rc ctl_authenticator_read(
	void *self, stauth_import_fn *take, void *arg, struct stauth_err *err)
{
	const struct ctl_import_file *file = self;
	struct ctl_yaml yaml;
	struct walk walk = {.yaml = &yaml, .take = take, .arg = arg};
	enum stauth_rc rc = ctl_yaml_open(&yaml, file->fd, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = read_document(&walk, err);
	ctl_yaml_close(&yaml);
	return rc;
}
