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

#include "base/banned.h"

void stauth_pin_put(
	struct stauth_db *db, const struct stauth_pin *pin, int64_t now_s)
{
	RUN(db, STAUTH_SQL_MAIL_DROP_PIN, BIND_HASH(pin->flow_hash));
	RUN(db, STAUTH_SQL_PIN_PUT, BIND_TEXT(pin->purpose),
		BIND_HASH(pin->flow_hash), BIND_HASH(pin->pin_mac),
		BIND_INT(pin->tries_left), BIND_INT(now_s),
		BIND_INT(pin->expires_at));
}

static void read_pin(struct stauth_query *query, void *row)
{
	struct stauth_pin *pin = row;

	stauth_read_text(query, pin->purpose, sizeof(pin->purpose));
	stauth_read_hash(query, pin->flow_hash);
	stauth_read_hash(query, pin->pin_mac);
	pin->tries_left = (int)stauth_read_int(query, 0, INT32_MAX);
	pin->created_at = stauth_read_at(query);
	pin->expires_at = stauth_read_at(query);
}

enum stauth_rc stauth_sq_pin_read(struct stauth_state *state,
	const struct stauth_pin_key *key, struct stauth_pin *ret_pin,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_read(db, err);
	struct stauth_query query;
	START(&query, db, STAUTH_SQL_PIN_LOOK, BIND_TEXT(key->purpose),
		BIND_HASH(key->flow_hash), BIND_INT(key->now_s));
	struct stauth_pin pin;
	if (stauth_read_one(&query, read_pin, &pin)) {
		*ret_pin = pin;
	}
	return stauth_verb_end(db);
}

enum stauth_rc stauth_sq_pin_try(struct stauth_state *state,
	const struct stauth_pin_key *key, const uint8_t pin_mac[32],
	int *ret_tries_left, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_write(db, err);
	if (RUN(db, STAUTH_SQL_PIN_COUNT, BIND_TEXT(key->purpose),
		    BIND_HASH(key->flow_hash), BIND_INT(key->now_s)) != 1) {
		stauth_verb_fail(db, STAUTH_EXPIRED, NULL);
	}
	struct stauth_query query;
	START(&query, db, STAUTH_SQL_PIN_COUNTED, BIND_TEXT(key->purpose),
		BIND_HASH(key->flow_hash));
	struct stauth_pin pin;
	stauth_read_one(&query, read_pin, &pin);
	enum stauth_rc rc = stauth_verb_commit(db, key->now_s);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (!stauth_equal_ct(pin.pin_mac, pin_mac, sizeof(pin.pin_mac))) {
		*ret_tries_left = pin.tries_left;
		return STAUTH_BADVALUE;
	}
	/* MUST 3. A newer PIN, or a faster one, leaves nothing to remove. */
	stauth_verb_begin(db);
	if (RUN(db, STAUTH_SQL_PIN_SPEND, BIND_TEXT(pin.purpose),
		    BIND_HASH(pin.flow_hash), BIND_HASH(pin.pin_mac)) != 1) {
		stauth_verb_fail(db, STAUTH_EXPIRED, NULL);
	}
	return stauth_verb_commit(db, key->now_s);
}
