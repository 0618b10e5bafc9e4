/* SPDX-License-Identifier: MIT */
#include "store/table.h"

#include <stddef.h>
#include <string.h>

#include "config/config.h"
#include "store/sqlite/provider.h"

#include "base/banned.h"

/* Every value of STORAGE; without functions: not in this build. */
static const struct provider {
	enum stauth_storage storage;
	const char *name;
	enum stauth_rc (*open)(const struct stauth_config *config,
		enum stauth_store_role role, struct stauth_store *ret_store,
		struct stauth_err *err);
	enum stauth_rc (*init)(
		const struct stauth_config *config, struct stauth_err *err);
	enum stauth_rc (*backup)(const struct stauth_config *config,
		const char *file, struct stauth_err *err);
	enum stauth_rc (*restore)(const struct stauth_config *config,
		const char *file, const struct stauth_restore *job,
		struct stauth_err *err);
} providers[] = {
	{STAUTH_STORAGE_SQLITE, "SQLITE", stauth_sqlite_open,
		stauth_sqlite_init, stauth_sqlite_backup,
		stauth_sqlite_restore},
	{STAUTH_STORAGE_AIRTABLE, "AIRTABLE", NULL, NULL, NULL, NULL},
	{STAUTH_STORAGE_POSTGRES, "POSTGRES", NULL, NULL, NULL, NULL},
};

/* NULL, and why, if this build has no such provider. */
static const struct provider *find(
	const struct stauth_config *config, struct stauth_err *err)
{
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
		if (providers[i].storage != config->storage) {
			continue;
		}
		if (providers[i].open == NULL) {
			(void)stauth_fail(err, STAUTH_ECONFIG,
				"no %s provider in this build",
				providers[i].name);
			return NULL;
		}
		return &providers[i];
	}
	(void)stauth_fail(err, STAUTH_ECONFIG, "STORAGE is not known");
	return NULL;
}

enum stauth_rc stauth_store_open(const struct stauth_config *config,
	enum stauth_store_role role, struct stauth_store *ret_store,
	struct stauth_err *err)
{
	const struct provider *provider = find(config, err);

	if (provider == NULL) {
		return STAUTH_ECONFIG;
	}
	return provider->open(config, role, ret_store, err);
}

void stauth_store_close(struct stauth_store *store)
{
	if (store->close != NULL) {
		store->close(store);
	}
	memset(store, 0, sizeof(*store));
}

void stauth_store_idle(struct stauth_store *store)
{
	if (store->idle != NULL) {
		store->idle(store);
	}
}

enum stauth_rc stauth_store_init(
	const struct stauth_config *config, struct stauth_err *err)
{
	const struct provider *provider = find(config, err);

	if (provider == NULL) {
		return STAUTH_ECONFIG;
	}
	return provider->init(config, err);
}

enum stauth_rc stauth_store_backup(const struct stauth_config *config,
	const char *file, struct stauth_err *err)
{
	const struct provider *provider = find(config, err);

	if (provider == NULL) {
		return STAUTH_ECONFIG;
	}
	return provider->backup(config, file, err);
}

enum stauth_rc stauth_store_restore(const struct stauth_config *config,
	const char *file, const struct stauth_restore *job,
	struct stauth_err *err)
{
	const struct provider *provider = find(config, err);

	if (provider == NULL) {
		return STAUTH_ECONFIG;
	}
	return provider->restore(config, file, job, err);
}
