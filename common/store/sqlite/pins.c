/* SPDX-License-Identifier: MIT */
/*
 * PINs. MUSTs:
 *  1. One PIN lives for a purpose and a browser: the newest.
 *  2. A try is on disk before it is compared: nobody learns anything from a
 *     try that does not count, also if the machine stops in between.
 *  3. Of several who bring the right one, the one whose DELETE removed it is
 *     OK; the PIN that it removes is the one that was compared.
 *  4. Compared is in constant time.
 */
#include "store/sqlite/verbs.h"

#include "base/secret.h"
#include "store/sqlite/query.h"

#include "base/banned.h"

static enum stauth_rc drop_mail(struct stauth_db *db,
	const uint8_t flow_hash[32], struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_MAIL_DROP_PIN);
	stauth_bind_hash(&query, flow_hash);
	return stauth_query_run(&query, NULL, err);
}

enum stauth_rc stauth_pin_put(struct stauth_db *db,
	const struct stauth_pin *pin, int64_t now_s, struct stauth_err *err)
{
	enum stauth_rc rc = drop_mail(db, pin->flow_hash, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_PIN_PUT);
	stauth_bind_text(&query, pin->purpose);
	stauth_bind_hash(&query, pin->flow_hash);
	stauth_bind_hash(&query, pin->pin_mac);
	stauth_bind_int(&query, pin->tries_left);
	stauth_bind_int(&query, now_s);
	stauth_bind_int(&query, pin->expires_at);
	return stauth_query_run(&query, NULL, err);
}

/* Reads the one row of a query that is bound, and ends it. */
static enum stauth_rc one_pin(struct stauth_query *query,
	struct stauth_pin *ret_pin, struct stauth_err *err)
{
	struct stauth_pin pin;
	enum stauth_rc rc = stauth_query_row(query, err);

	if (rc == STAUTH_OK) {
		stauth_read_text(query, pin.purpose, sizeof(pin.purpose));
		stauth_read_hash(query, pin.flow_hash);
		stauth_read_hash(query, pin.pin_mac);
		pin.tries_left = (int)stauth_read_int(query, 0, INT32_MAX);
		pin.created_at = stauth_read_at(query);
		pin.expires_at = stauth_read_at(query);
		rc = stauth_query_only(query, err);
	}
	stauth_query_end(query);
	if (rc == STAUTH_OK) {
		*ret_pin = pin;
	}
	return rc;
}

enum stauth_rc stauth_sq_pin_read(struct stauth_state *state,
	const struct stauth_pin_key *key, struct stauth_pin *ret_pin,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_PIN_LOOK);
	stauth_bind_text(&query, key->purpose);
	stauth_bind_hash(&query, key->flow_hash);
	stauth_bind_int(&query, key->now_s);
	return one_pin(&query, ret_pin, err);
}

/* Takes one try off, and says what there is to compare with. */
static enum stauth_rc count_try(struct stauth_db *db,
	const struct stauth_pin_key *key, struct stauth_pin *ret_pin,
	struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_PIN_COUNT);
	stauth_bind_text(&query, key->purpose);
	stauth_bind_hash(&query, key->flow_hash);
	stauth_bind_int(&query, key->now_s);
	int changes = 0;
	enum stauth_rc rc = stauth_query_run(&query, &changes, err);
	if (rc == STAUTH_OK && changes != 1) {
		rc = STAUTH_EXPIRED;
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	stauth_query_start(&query, db, STAUTH_SQL_PIN_COUNTED);
	stauth_bind_text(&query, key->purpose);
	stauth_bind_hash(&query, key->flow_hash);
	return one_pin(&query, ret_pin, err);
}

/* MUST 3. A newer PIN, or a faster one, leaves nothing to remove. */
static enum stauth_rc spend(struct stauth_db *db, const struct stauth_pin *pin,
	int64_t now_s, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_db_begin_raw(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_PIN_SPEND);
	stauth_bind_text(&query, pin->purpose);
	stauth_bind_hash(&query, pin->flow_hash);
	stauth_bind_hash(&query, pin->pin_mac);
	int changes = 0;
	rc = stauth_query_run(&query, &changes, err);
	if (rc == STAUTH_OK && changes != 1) {
		rc = STAUTH_EXPIRED;
	}
	return stauth_write_end(db, rc, now_s, err);
}

enum stauth_rc stauth_sq_pin_try(struct stauth_state *state,
	const struct stauth_pin_key *key, const uint8_t pin_mac[32],
	int *ret_tries_left, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_pin pin;
	rc = count_try(db, key, &pin, err);
	rc = stauth_write_end(db, rc, key->now_s, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (!stauth_equal_ct(pin.pin_mac, pin_mac, sizeof(pin.pin_mac))) {
		*ret_tries_left = pin.tries_left;
		return STAUTH_BADVALUE;
	}
	return spend(db, &pin, key->now_s, err);
}
