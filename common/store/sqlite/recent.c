/* SPDX-License-Identifier: MIT */
/*
 * 1. A row MUST be handed out only in the very state of the database that it
 *    was read in. SQLite's data_version tells states apart within one
 *    connection that never writes; it is read inside the transaction in which
 *    the row is used, so nothing can come between.
 * 2. A row MUST be handed out only for the whole hash that it was read by.
 * 3. What is not there is never kept: a denial is always read again.
 */
#include "store/sqlite/recent.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

#include "base/banned.h"

#define SETS     1024 /* a power of two */
#define WAYS     8    /* places a row may take */
#define TEXT_MAX 152  /* of the four texts together, NULs included */

struct row {
	uint64_t state; /* that it was read in; 0: free */
	uint8_t hash[32];
	int64_t uid;
	int64_t auth_at;
	int64_t last_seen_at;
	int64_t expires_at;
	int factors;
	int level;
	bool remember;
	bool must_change;
	char handle[STAUTH_HANDLE_LEN + 1];
	uint8_t ends[4]; /* of user, email, display_name, groups */
	char text[TEXT_MAX];
};

_Static_assert(TEXT_MAX <= UINT8_MAX, "ends are bytes");

struct stauth_recent {
	uint64_t state; /* counts the states that were seen */
	uint64_t connection;
	int64_t data_version;
	uint32_t next_out; /* spreads what is pushed out */
	/* A part of each row's hash: eight places are one cache line, and
	 * rows are looked at only where it fits. */
	uint64_t marks[SETS * WAYS];
	struct row rows[SETS * WAYS];
};

struct stauth_recent *stauth_recent_new(void)
{
	return calloc(1, sizeof(struct stauth_recent));
}

void stauth_recent_free(struct stauth_recent *recent)
{
	free(recent);
}

void stauth_recent_see(
	struct stauth_recent *recent, uint64_t connection, int64_t data_version)
{
	if (recent->state != 0 && recent->connection == connection &&
		recent->data_version == data_version) {
		return;
	}
	recent->state++;
	recent->connection = connection;
	recent->data_version = data_version;
}

/* The hash is one already; nobody can choose where it falls but by trying,
 * and then only pushes others out. */
static size_t set_of(const uint8_t hash[32])
{
	uint32_t bits;

	memcpy(&bits, hash, sizeof(bits));
	return (bits & (SETS - 1)) * WAYS;
}

static uint64_t mark_of(const uint8_t hash[32])
{
	uint64_t mark;

	memcpy(&mark, hash + 8, sizeof(mark));
	return mark;
}

static const struct row *find(
	const struct stauth_recent *recent, const uint8_t hash[32])
{
	uint64_t mark = mark_of(hash);
	size_t first = set_of(hash);

	for (size_t i = first; i < first + WAYS; i++) {
		const struct row *row = &recent->rows[i];

		if (recent->marks[i] == mark && row->state == recent->state &&
			row->state != 0 &&
			stauth_equal_ct(row->hash, hash, sizeof(row->hash))) {
			return row;
		}
	}
	return NULL;
}

bool stauth_recent_get(const struct stauth_recent *recent,
	const uint8_t token_hash[32], struct stauth_session *session)
{
	const struct row *row = find(recent, token_hash);

	if (row == NULL) {
		return false;
	}
	memcpy(session->handle, row->handle, sizeof(row->handle));
	session->uid = row->uid;
	memcpy(session->user, row->text, row->ends[0]);
	memcpy(session->email, row->text + row->ends[0],
		(size_t)(row->ends[1] - row->ends[0]));
	memcpy(session->display_name, row->text + row->ends[1],
		(size_t)(row->ends[2] - row->ends[1]));
	memcpy(session->groups, row->text + row->ends[2],
		(size_t)(row->ends[3] - row->ends[2]));
	session->remember = row->remember;
	session->must_change = row->must_change;
	session->factors = row->factors;
	session->level = row->level;
	session->auth_at = row->auth_at;
	session->last_seen_at = row->last_seen_at;
	session->expires_at = row->expires_at;
	return true;
}

/* A place of no use any more, or one of those in turn. */
static struct row *place_for(
	struct stauth_recent *recent, const uint8_t hash[32])
{
	struct row *set = &recent->rows[set_of(hash)];

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].state != recent->state) {
			return &set[i];
		}
	}
	return &set[recent->next_out++ % WAYS];
}

/* false: no room. */
static bool add_text(struct row *row, size_t i, const char *text)
{
	size_t start = i == 0 ? 0 : row->ends[i - 1];
	size_t size = strlen(text) + 1;

	if (size > sizeof(row->text) - start) {
		return false;
	}
	memcpy(row->text + start, text, size);
	row->ends[i] = (uint8_t)(start + size);
	return true;
}

void stauth_recent_put(struct stauth_recent *recent,
	const uint8_t token_hash[32], const struct stauth_session *session)
{
	if (recent->state == 0) {
		return;
	}
	struct row *row = place_for(recent, token_hash);
	row->state = 0;
	if (!add_text(row, 0, session->user) ||
		!add_text(row, 1, session->email) ||
		!add_text(row, 2, session->display_name) ||
		!add_text(row, 3, session->groups)) {
		return;
	}
	memcpy(row->hash, token_hash, sizeof(row->hash));
	memcpy(row->handle, session->handle, sizeof(row->handle));
	row->uid = session->uid;
	row->auth_at = session->auth_at;
	row->last_seen_at = session->last_seen_at;
	row->expires_at = session->expires_at;
	row->factors = session->factors;
	row->level = session->level;
	row->remember = session->remember;
	row->must_change = session->must_change;
	row->state = recent->state;
	recent->marks[row - recent->rows] = mark_of(token_hash);
}
