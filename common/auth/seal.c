/* SPDX-License-Identifier: MIT */
/*
 * Seals of the audit: what was written cannot be rewritten silently.
 *
 *  1. A batch is all rows after the batch before it, up to the last one that
 *     is committed. Its seal hashes, in this order, the hash of the seal
 *     before, its own numbers and the hash of its rows; every field of every
 *     row with its length.
 *  2. A row never waits for a seal: what is sealed was committed before, and
 *     the seal is a transaction of its own.
 *  3. Seals stay for ever, so that the chain can be followed when rows are
 *     gone. Rows go by whole batches, once all of them are older than
 *     AUDIT_DAYS.
 *  4. Who can write the database can write another chain. That is
 *     found by a head that was kept elsewhere: the journal has each.
 */
#include "auth/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "config/config.h"
#include "store/state.h"

#include "base/banned.h"

#define DAY_S     86400
#define SEAL_PAGE 100

/* --- 1. */

/* Bytes to be hashed; what does not fit cannot be: fields are bounded. */
struct bytes {
	size_t len;
	uint8_t data[2048];
};

static void add(struct bytes *bytes, const void *data, size_t len)
{
	if (len <= sizeof(bytes->data) - bytes->len) {
		memcpy(bytes->data + bytes->len, data, len);
		bytes->len += len;
	}
}

static void add_number(struct bytes *bytes, int64_t number)
{
	uint8_t octets[8];

	for (int i = 0; i < 8; i++) {
		octets[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
	}
	add(bytes, octets, sizeof(octets));
}

static void add_text(struct bytes *bytes, const char *text)
{
	size_t len = strlen(text);

	add_number(bytes, (int64_t)len);
	add(bytes, text, len);
}

/* hash becomes the hash of itself and the row. */
static bool add_row(uint8_t hash[32], const struct stauth_audit_row *row)
{
	struct bytes bytes = {0};

	add(&bytes, hash, 32);
	add_number(&bytes, row->id);
	add_number(&bytes, row->at);
	add_text(&bytes, row->event);
	add_number(&bytes, row->ok);
	add_text(&bytes, row->user);
	add_number(&bytes, row->uid);
	add_text(&bytes, row->actor);
	add_text(&bytes, row->channel);
	add_text(&bytes, row->address);
	add_text(&bytes, row->detail);
	return stauth_sha256(bytes.data, bytes.len, hash);
}

static bool hash_seal(const struct stauth_seal *seal, const uint8_t before[32],
	uint8_t ret_hash[32])
{
	struct bytes bytes = {0};

	add(&bytes, before, 32);
	add_number(&bytes, seal->number);
	add_number(&bytes, seal->sealed_at);
	add_number(&bytes, seal->first_id);
	add_number(&bytes, seal->last_id);
	add_number(&bytes, seal->row_count);
	add_number(&bytes, seal->newest_at);
	add(&bytes, seal->rows_hash, 32);
	return stauth_sha256(bytes.data, bytes.len, ret_hash);
}

static enum stauth_rc no_hash(struct stauth_err *err)
{
	return stauth_fail(err, STAUTH_ECRYPTO, "SHA-256 failed");
}

/* Reads the rows after the seal before, and adds up those that are no further
 * than last_id: their number, hash and newest. */
static enum stauth_rc add_up(struct stauth_ctx *ctx,
	const struct stauth_seal *before, struct stauth_seal *seal,
	struct stauth_audit_row *rows, struct stauth_err *err)
{
	const struct stauth_audit_query query = {
		.after_id = before->last_id, .limit = STAUTH_SEAL_ROWS + 1};
	size_t count = 0;
	enum stauth_rc rc = ctx->state->ops->audit_list(
		ctx->state, &query, rows, &count, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	seal->row_count = 0;
	seal->newest_at = 0;
	memset(seal->rows_hash, 0, sizeof(seal->rows_hash));
	for (size_t i = 0; i < count && rows[i].id <= seal->last_id; i++) {
		if (!add_row(seal->rows_hash, &rows[i])) {
			return no_hash(err);
		}
		seal->row_count++;
		if (rows[i].at > seal->newest_at) {
			seal->newest_at = rows[i].at;
		}
	}
	return STAUTH_OK;
}

/* --- 2. */

/* The last id of the batch after this one; 0: there is no row. */
static enum stauth_rc find_end(struct stauth_ctx *ctx, int64_t after_id,
	struct stauth_audit_row *rows, int64_t *ret_id, struct stauth_err *err)
{
	const struct stauth_audit_query query = {
		.after_id = after_id, .limit = STAUTH_SEAL_ROWS};
	size_t count = 0;
	enum stauth_rc rc = ctx->state->ops->audit_list(
		ctx->state, &query, rows, &count, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	*ret_id = count > 0 ? rows[count - 1].id : 0;
	return STAUTH_OK;
}

/* NOTFOUND: there is nothing to seal. */
static enum stauth_rc seal_batch(struct stauth_ctx *ctx,
	const struct stauth_seal *before, struct stauth_audit_row *rows,
	struct stauth_seal *ret_seal, struct stauth_err *err)
{
	struct stauth_seal seal = {
		.number = before->number + 1,
		.sealed_at = ctx->state->ops->now(ctx->state),
		.first_id = before->last_id + 1,
		.kept = true,
	};
	enum stauth_rc rc =
		find_end(ctx, before->last_id, rows, &seal.last_id, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	if (seal.last_id == 0) {
		return STAUTH_NOTFOUND;
	}
	rc = add_up(ctx, before, &seal, rows, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (!hash_seal(&seal, before->hash, seal.hash)) {
		return no_hash(err);
	}
	rc = ctx->state->ops->seal_put(ctx->state, &seal, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	*ret_seal = seal;
	return STAUTH_OK;
}

static enum stauth_rc last_seal(struct stauth_ctx *ctx,
	struct stauth_seal *ret_seal, struct stauth_err *err)
{
	*ret_seal = (struct stauth_seal){0};
	enum stauth_rc rc =
		ctx->state->ops->seal_last(ctx->state, ret_seal, err);
	return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

enum stauth_rc stauth_audit_seal(struct stauth_ctx *ctx,
	void (*sealed)(const struct stauth_seal *seal, void *user), void *user,
	struct stauth_err *err)
{
	struct stauth_seal seal;
	enum stauth_rc rc = last_seal(ctx, &seal, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_audit_row *rows;
	rows = calloc(STAUTH_SEAL_ROWS + 1, sizeof(*rows));
	if (rows == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	while (rc == STAUTH_OK) {
		rc = seal_batch(ctx, &seal, rows, &seal, err);
		if (rc == STAUTH_OK && sealed != NULL) {
			sealed(&seal, user);
		}
	}
	free(rows);
	return rc == STAUTH_NOTFOUND || rc == STAUTH_EXISTS ? STAUTH_OK : rc;
}

/* --- 3 and 4: what is found */

struct walk {
	struct stauth_ctx *ctx;
	struct stauth_audit_verify *verify;
	struct stauth_audit_row *rows;
	struct stauth_seal before;
	int64_t gone_before_s; /* rows older than this may be deleted */
	bool head_found;
};

static void find_fault(struct walk *walk, int64_t number, const char *what)
{
	char text[160];

	snprintf(text, sizeof(text), "seal %lld: %s", (long long)number, what);
	walk->verify->findings++;
	walk->verify->found(text, walk->verify->user);
}

static void compare_rows(struct walk *walk, const struct stauth_seal *seal,
	const struct stauth_seal *read)
{
	if (!seal->kept && read->row_count == 0) {
		walk->verify->deleted += seal->row_count;
		if (seal->newest_at >= walk->gone_before_s) {
			find_fault(walk, seal->number,
				"its rows were deleted before AUDIT_DAYS");
		}
		return;
	}
	walk->verify->rows += read->row_count;
	char what[128];
	if (read->row_count != seal->row_count) {
		snprintf(what, sizeof(what),
			"%lld rows instead of %lld, ids %lld to %lld",
			(long long)read->row_count, (long long)seal->row_count,
			(long long)seal->first_id, (long long)seal->last_id);
		find_fault(walk, seal->number, what);
	} else if (memcmp(read->rows_hash, seal->rows_hash, 32) != 0) {
		snprintf(what, sizeof(what),
			"a row was changed or reordered, ids %lld to %lld",
			(long long)seal->first_id, (long long)seal->last_id);
		find_fault(walk, seal->number, what);
	}
}

static bool is_head(const struct walk *walk, const struct stauth_seal *seal)
{
	char hex[STAUTH_SEAL_HEX];

	stauth_hex_encode(seal->hash, sizeof(seal->hash), hex);
	return walk->verify->head != NULL &&
	       strcmp(hex, walk->verify->head) == 0;
}

static enum stauth_rc verify_seal(struct walk *walk,
	const struct stauth_seal *seal, struct stauth_err *err)
{
	uint8_t hash[32];

	if (!hash_seal(seal, walk->before.hash, hash)) {
		return no_hash(err);
	}
	if (seal->number != walk->before.number + 1) {
		find_fault(walk, seal->number, "seals before it are missing");
	}
	if (seal->first_id != walk->before.last_id + 1 ||
		memcmp(hash, seal->hash, sizeof(hash)) != 0) {
		find_fault(walk, seal->number,
			"it does not follow from the seal before it");
	}
	struct stauth_seal read = *seal;
	enum stauth_rc rc =
		add_up(walk->ctx, &walk->before, &read, walk->rows, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	compare_rows(walk, seal, &read);
	walk->head_found |= is_head(walk, seal);
	walk->verify->seals++;
	walk->before = *seal;
	return STAUTH_OK;
}

static enum stauth_rc verify_seals(struct walk *walk, struct stauth_err *err)
{
	struct stauth_seal seals[SEAL_PAGE];
	struct stauth_state *state = walk->ctx->state;
	size_t count = SEAL_PAGE;

	while (count == SEAL_PAGE) {
		enum stauth_rc rc = state->ops->seal_list(
			state, walk->before.number, seals, &count, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
		for (size_t i = 0; i < count; i++) {
			rc = verify_seal(walk, &seals[i], err);
			if (rc != STAUTH_OK) {
				return rc;
			}
		}
	}
	return STAUTH_OK;
}

static enum stauth_rc count_unsealed(struct walk *walk, struct stauth_err *err)
{
	int64_t after_id = walk->before.last_id;
	size_t count = STAUTH_SEAL_ROWS;

	while (count == STAUTH_SEAL_ROWS) {
		const struct stauth_audit_query query = {
			.after_id = after_id, .limit = STAUTH_SEAL_ROWS};
		enum stauth_rc rc = walk->ctx->state->ops->audit_list(
			walk->ctx->state, &query, walk->rows, &count, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
		if (count > 0) {
			after_id = walk->rows[count - 1].id;
		}
		walk->verify->unsealed += (int64_t)count;
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_audit_verify(struct stauth_ctx *ctx,
	struct stauth_audit_verify *verify, struct stauth_err *err)
{
	struct walk walk = {
		.ctx = ctx,
		.verify = verify,
		.rows = calloc(STAUTH_SEAL_ROWS + 1, sizeof(*walk.rows)),
		.gone_before_s = ctx->state->ops->now(ctx->state) -
				 (int64_t)ctx->config->audit_days * DAY_S,
	};

	if (walk.rows == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	enum stauth_rc rc = verify_seals(&walk, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = count_unsealed(&walk, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	verify->last = walk.before;
	if (verify->head != NULL && !walk.head_found) {
		verify->findings++;
		verify->found("no seal has this head: the audit was replaced "
			      "or cut",
			verify->user);
	}
out:
	free(walk.rows);
	return rc;
}
