/* SPDX-License-Identifier: MIT */
#include "store/sqlite/provider.h"

#include <stdlib.h>

#include "config/config.h"
#include "store/sqlite/open.h"
#include "store/sqlite/verbs.h"

#include "base/banned.h"

struct stauth_sqlite {
	struct stauth_db db;
	struct stauth_sqlite_accounts accounts;
	struct stauth_sqlite_state state;
	struct stauth_sqlite_check check;
};

static void close_store(struct stauth_store *store)
{
	struct stauth_sqlite *sqlite = store->provider;

	stauth_db_close(&sqlite->db);
	stauth_recent_free(sqlite->check.recent);
	free(sqlite);
}

static void idle(struct stauth_store *store)
{
	struct stauth_sqlite *sqlite = store->provider;

	stauth_db_idle(&sqlite->db);
}

enum stauth_rc stauth_sqlite_open(const struct stauth_config *config,
	enum stauth_store_role role, struct stauth_store *ret_store,
	struct stauth_err *err)
{
	struct stauth_sqlite *sqlite = calloc(1, sizeof(*sqlite));
	bool accounts = role != STAUTH_ROLE_CHECK && role != STAUTH_ROLE_TOUCH;
	bool state = role != STAUTH_ROLE_CHECK;

	if (sqlite == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	enum stauth_rc rc = stauth_db_setup(&sqlite->db, config->sqlite_db_path,
		config->sqlite_db, role, err);
	if (rc != STAUTH_OK) {
		free(sqlite);
		return rc;
	}
	sqlite->db.accounts_elsewhere =
		config->storage != STAUTH_STORAGE_SQLITE;
	sqlite->accounts.base.ops = &stauth_sqlite_accounts_ops;
	sqlite->accounts.db = &sqlite->db;
	sqlite->state.base.ops = &stauth_sqlite_state_ops;
	sqlite->state.db = &sqlite->db;
	sqlite->check.base.ops = &stauth_sqlite_check_ops;
	sqlite->check.db = &sqlite->db;
	/* Without memory for it checks are slower, no more. */
	sqlite->check.recent = state ? NULL : stauth_recent_new();
	*ret_store = (struct stauth_store){
		.accounts = accounts ? &sqlite->accounts.base : NULL,
		.state = state ? &sqlite->state.base : NULL,
		.check = state ? NULL : &sqlite->check.base,
		.provider = sqlite,
		.close = close_store,
		.idle = idle,
	};
	return STAUTH_OK;
}
