/* SPDX-License-Identifier: MIT */
/*
 * A database and its -wal and -shm are one thing that only their names hold
 * together. Whoever replaces the file under a running service (the right way
 * is to stop it, or to let stauthctl do it) leaves them beside the new one.
 */
#include "store/sqlite/open.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

static const char *const endings[] = {"-wal", "-shm", "-journal"};

static bool name_of(const char *path, const char *ending, char *out)
{
	int len = snprintf(out, PATH_MAX, "%s%s", path, ending);

	return len > 0 && len < PATH_MAX;
}

void stauth_db_remove_leftovers(const char *path)
{
	char name[PATH_MAX];

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (name_of(path, endings[i], name)) {
			(void)unlink(name);
		}
	}
}

ino_t stauth_db_wal_ino(const struct stauth_db *db)
{
	char name[PATH_MAX];
	struct stat st;

	if (!name_of(db->path, "-wal", name) || lstat(name, &st) != 0) {
		return 0;
	}
	return st.st_ino;
}

void stauth_db_abandon(struct stauth_db *db)
{
	struct stat st;
	bool replaced = lstat(db->path, &st) == 0;
	bool ours = db->wal_ino != 0 && stauth_db_wal_ino(db) == db->wal_ino;
	int code = SQLITE_OK;

	if (ours) {
		code = sqlite3_wal_checkpoint_v2(
			db->sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	}
	/* A file that was only moved away may come back for its -wal. */
	if (ours && (replaced || code == SQLITE_OK)) {
		stauth_db_remove_leftovers(db->path);
	}
	stauth_db_close(db);
}
