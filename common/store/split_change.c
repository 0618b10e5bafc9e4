/* SPDX-License-Identifier: MIT */
#include "store/split_change.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/secret.h"

#include "base/banned.h"

#define LOCK_WAIT_MS  2000
#define LOCK_PAUSE_MS 10
#define LIST_ROWS     64

/* One change under way. */
struct step {
	struct stauth_split *split;
	int64_t uid;
	const struct stauth_change *change;
	int64_t lock;
	int ended;
	int64_t inner_epoch; /* of the accounts' store, if it has one */
	struct stauth_account present; /* as it is under the lock */
};

/* --- 3: the epoch is read before the account is */

enum stauth_rc stauth_split_read(struct stauth_split *split, int64_t uid,
	struct stauth_account *ret_account, struct stauth_err *err)
{
	struct stauth_state *state = split->home.state;
	struct stauth_remote remote = {.uid = uid, .add = true};
	enum stauth_rc rc = state->ops->remote_read(
		state, state->ops->now(state), &remote, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = split->accounts.accounts->ops->user_by_uid(
		split->accounts.accounts, uid, ret_account, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	ret_account->epoch = remote.epoch;
	ret_account->last_login_at = remote.last_login_at;
	return STAUTH_OK;
}

/* --- 1: the lock */

static enum stauth_rc lock(struct step *step, struct stauth_err *err)
{
	struct stauth_state *state = step->split->home.state;
	const struct timespec pause = {0, LOCK_PAUSE_MS * 1000000};
	int64_t until_ms = stauth_boot_ms() + LOCK_WAIT_MS;
	enum stauth_rc rc;

	do {
		rc = state->ops->remote_lock(
			state, step->change->now_s, &step->lock, err);
		if (rc != STAUTH_EBUSY) {
			break;
		}
		nanosleep(&pause, NULL);
	} while (stauth_boot_ms() < until_ms);
	return rc;
}

/* The account as it is, with the epoch that the caller knows (-1: any). */
static enum stauth_rc lock_account(
	struct step *step, int64_t epoch, struct stauth_err *err)
{
	struct stauth_account *present = &step->present;
	enum stauth_rc rc = lock(step, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = step->split->accounts.accounts->ops->user_by_uid(
		step->split->accounts.accounts, step->uid, present, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	step->inner_epoch = present->epoch;
	rc = stauth_split_read(step->split, step->uid, present, err);
	if (rc == STAUTH_OK && epoch != -1 && epoch != present->epoch) {
		rc = stauth_fail(
			err, STAUTH_EXPIRED, "the account has been changed");
	}
	return rc;
}

/* --- 1: what a change depends on */

/* Has another account this name or address, as either? */
static enum stauth_rc must_be_free(struct step *step, const char *text,
	const char *taken, struct stauth_err *err)
{
	struct stauth_accounts *accounts = step->split->accounts.accounts;
	struct stauth_account other;
	enum stauth_rc rc =
		accounts->ops->user_by_name(accounts, text, &other, err);

	if (rc == STAUTH_NOTFOUND ||
		(rc == STAUTH_OK && other.uid == step->uid)) {
		rc = accounts->ops->user_by_email(accounts, text, &other, err);
	}
	stauth_wipe_array(other.password);
	if (rc == STAUTH_OK && other.uid != step->uid) {
		return stauth_fail(err, STAUTH_EXISTS, "%s", taken);
	}
	return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

/* What an account has already it keeps, no matter who else has it: an old store
 * may have clashes. */
static enum stauth_rc email_must_be_free(
	struct step *step, const char *email, struct stauth_err *err)
{
	if (email[0] == '\0' || strcmp(email, step->present.email) == 0) {
		return STAUTH_OK;
	}
	return must_be_free(step, email, "the e-mail address is taken", err);
}

static bool rules(const struct stauth_account *account)
{
	return account->su && !account->disabled;
}

/* Is there an enabled superuser but this user? */
static enum stauth_rc find_superuser(struct step *step,
	struct stauth_account *rows, bool *ret_found, struct stauth_err *err)
{
	char after[STAUTH_NAME_SIZE] = "";
	const struct stauth_account_page asked = {
		.after = after, .limit = LIST_ROWS};

	*ret_found = false;
	size_t count = LIST_ROWS;
	while (count == LIST_ROWS) {
		enum stauth_rc rc =
			step->split->accounts.accounts->ops->user_list(
				step->split->accounts.accounts, &asked, rows,
				&count, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
		for (size_t i = 0; i < count; i++) {
			if (rules(&rows[i]) && rows[i].uid != step->uid) {
				*ret_found = true;
				return STAUTH_OK;
			}
		}
		if (count > 0) {
			memcpy(after, rows[count - 1].name, sizeof(after));
		}
	}
	return STAUTH_OK;
}

/* next: NULL if it is deleted. */
static enum stauth_rc must_leave_superuser(struct step *step,
	const struct stauth_account *next, struct stauth_err *err)
{
	if (!step->change->keep_a_superuser || !rules(&step->present) ||
		(next != NULL && rules(next))) {
		return STAUTH_OK;
	}
	struct stauth_account *rows;
	rows = calloc(LIST_ROWS, sizeof(*rows));
	if (rows == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	bool found = false;
	enum stauth_rc rc = find_superuser(step, rows, &found, err);
	free(rows);
	if (rc == STAUTH_OK && !found) {
		rc = stauth_fail(
			err, STAUTH_REFUSED, "this is the last superuser");
	}
	return rc;
}

/* --- 2: before the change */

static enum stauth_rc end_sessions(struct step *step, struct stauth_err *err)
{
	struct stauth_state *state = step->split->home.state;
	const struct stauth_remote remote = {.uid = step->uid,
		.epoch = step->present.epoch,
		.lock = step->lock};

	return state->ops->remote_begin(
		state, &remote, step->change, &step->ended, err);
}

/* --- 4: after the change. rc: what came of it. */

static enum stauth_rc finish(struct step *step, enum stauth_rc rc,
	int *ret_ended, struct stauth_err *err)
{
	struct stauth_state *state = step->split->home.state;
	const struct stauth_remote remote = {
		.uid = step->uid, .lock = step->lock};
	struct stauth_err why = {STAUTH_OK, ""};

	stauth_wipe_array(step->present.password);
	if (step->lock == 0) {
		return rc;
	}
	enum stauth_rc done = state->ops->remote_end(
		state, &remote, rc == STAUTH_OK ? step->change : NULL, &why);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (done != STAUTH_OK) {
		return stauth_fail(err, STAUTH_EUNKNOWN,
			"the account was changed, but this could not be "
			"recorded: %.100s",
			why.msg);
	}
	if (ret_ended != NULL) {
		*ret_ended = step->ended;
	}
	return STAUTH_OK;
}

/* The accounts' store is told the change alone. */
static struct stauth_change plain(const struct stauth_change *change)
{
	return (struct stauth_change){.now_s = change->now_s};
}

/* --- the changes */

enum stauth_rc stauth_split_user_insert(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change, int64_t *ret_uid,
	struct stauth_err *err)
{
	struct stauth_split *split = (struct stauth_split *)accounts;
	struct stauth_accounts *inner = split->accounts.accounts;
	const struct stauth_change only = plain(change);
	struct stauth_change recorded = *change;
	struct step step = {.split = split, .change = &recorded};
	enum stauth_rc rc = lock(&step, err);

	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = must_be_free(&step, account->name, "the user name is taken", err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = email_must_be_free(&step, account->email, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = inner->ops->user_insert(inner, account, &only, &step.uid, err);
	recorded.audit.uid = step.uid;
out:
	rc = finish(&step, rc, NULL, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (ret_uid != NULL) {
		*ret_uid = step.uid;
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_split_user_update(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_split *split = (struct stauth_split *)accounts;
	struct stauth_accounts *inner = split->accounts.accounts;
	const struct stauth_change only = plain(change);
	struct stauth_account next = *account;
	struct stauth_change whole = *change;
	struct step step = {
		.split = split, .uid = account->uid, .change = &whole};
	enum stauth_rc rc = lock_account(&step, account->epoch, err);

	if (rc != STAUTH_OK) {
		goto out;
	}
	whole.raise_epoch |= next.disabled != step.present.disabled;
	/* The name is none of its fields. */
	memcpy(next.name, step.present.name, sizeof(next.name));
	next.epoch = step.inner_epoch;
	rc = email_must_be_free(&step, next.email, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = must_leave_superuser(&step, &next, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = end_sessions(&step, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = inner->ops->user_update(inner, &next, &only, NULL, err);
out:
	stauth_wipe_array(next.password);
	return finish(&step, rc, ret_ended, err);
}

enum stauth_rc stauth_split_password_set(struct stauth_accounts *accounts,
	const struct stauth_password_row *password,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_split *split = (struct stauth_split *)accounts;
	struct stauth_accounts *inner = split->accounts.accounts;
	const struct stauth_change only = plain(change);
	struct step step = {
		.split = split, .uid = password->uid, .change = change};
	struct stauth_password_row row = *password;
	enum stauth_rc rc = lock_account(&step, password->epoch, err);

	if (rc != STAUTH_OK) {
		goto out;
	}
	if (change->unless_system_login && step.present.system_login) {
		rc = stauth_fail(err, STAUTH_REFUSED,
			"the account is marked for system log-in");
		goto out;
	}
	rc = end_sessions(&step, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	row.epoch = -1;
	rc = inner->ops->password_set(inner, &row, &only, NULL, err);
out:
	return finish(&step, rc, ret_ended, err);
}

/* Under the lock, or it could put an old password over a new one. */
enum stauth_rc stauth_split_password_rehash(struct stauth_accounts *accounts,
	int64_t uid, const char *old, const char *encoded,
	struct stauth_err *err)
{
	struct stauth_split *split = (struct stauth_split *)accounts;
	struct stauth_accounts *inner = split->accounts.accounts;
	struct stauth_state *state = split->home.state;
	const struct stauth_change nothing = {.now_s = state->ops->now(state)};
	struct step step = {.split = split, .uid = uid, .change = &nothing};
	enum stauth_rc rc = lock(&step, err);

	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = inner->ops->password_rehash(inner, uid, old, encoded, err);
	step.change = NULL;
out:
	return finish(&step, rc, NULL, err);
}

enum stauth_rc stauth_split_user_delete(struct stauth_accounts *accounts,
	int64_t uid, const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_split *split = (struct stauth_split *)accounts;
	struct stauth_accounts *inner = split->accounts.accounts;
	const struct stauth_change only = plain(change);
	struct stauth_change all = *change;
	struct step step = {.split = split, .uid = uid, .change = &all};
	enum stauth_rc rc = lock_account(&step, -1, err);

	if (rc != STAUTH_OK) {
		goto out;
	}
	/* Nothing of the user stays, whatever the caller would keep. */
	all.end_sessions = true;
	all.raise_epoch = true;
	all.keep_session[0] = '\0';
	all.keep_device = false;
	rc = must_leave_superuser(&step, NULL, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = end_sessions(&step, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = inner->ops->user_delete(inner, uid, &only, NULL, err);
out:
	return finish(&step, rc, ret_ended, err);
}
