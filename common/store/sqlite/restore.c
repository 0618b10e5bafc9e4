/* SPDX-License-Identifier: MIT */
/*
 * Putting a backup in the place of the database. MUSTs:
 *  1. What is no sound backup of ours is refused before anything is written.
 *  2. Nothing old comes back to life: epoch and uid counter end above both
 *     the backup's and the present store's, and the copy holds no session,
 *     no known device, no PIN, no link and no mail. Who waits for a PIN may
 *     continue, with a new one.
 *  3. All of that is done to a copy while nobody else can write
 *     the database; the copy then replaces it in one transaction. Who reads
 *     at that time sees the old one or the new one, and nothing between.
 */
#include "store/sqlite/provider.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "config/config.h"
#include "store/sqlite/copy.h"
#include "store/sqlite/fault.h"
#include "store/sqlite/files.h"
#include "store/sqlite/open.h"
#include "store/sqlite/query.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/verbs.h"

#include "base/banned.h"

#define LINE_SIZE 64

struct restore {
	const struct stauth_restore *job;
	struct stauth_db live; /* is written to, by the backup alone */
	struct stauth_db now;  /* the same file, for reading */
	struct stauth_db copy; /* a temporary file */
	sqlite3_backup *backup;
};

/* --- 1: is it a backup of ours? */

static enum stauth_rc refuse(const char *path, struct stauth_err *err)
{
	return stauth_fail(err, STAUTH_BADVALUE,
		"%.120s is no sound backup of stauth", path);
}

static int first_text(void *arg, int columns, char **values, char **names)
{
	char *out = arg;

	(void)names;
	if (columns > 0 && values[0] != NULL && out[0] == '\0' &&
		strlen(values[0]) < LINE_SIZE) {
		memcpy(out, values[0], strlen(values[0]) + 1);
	}
	return 0;
}

static bool says(sqlite3 *sql, const char *question, const char *want)
{
	char answer[LINE_SIZE] = "";

	return sqlite3_exec(sql, question, first_text, answer, NULL) ==
		       SQLITE_OK &&
	       strcmp(answer, want) == 0;
}

/* "file:PATH?immutable=1": nothing is locked or made beside a file that may be
 * on a medium that can only be read. */
static void write_uri(const char *path, struct stauth_buf *uri)
{
	stauth_buf_init(uri, 4 * PATH_MAX);
	stauth_buf_add(uri, "file:");
	for (const char *at = path; *at != '\0'; at++) {
		bool plain = *at != '%' && *at != '?' && *at != '#';

		if (plain) {
			stauth_buf_addf(uri, "%c", *at);
		} else {
			stauth_buf_addf(uri, "%%%02X", (unsigned int)*at);
		}
	}
	stauth_buf_add(uri, "?immutable=1");
}

static int open_file(const char *path, sqlite3 **ret_sql)
{
	struct stauth_buf uri;

	write_uri(path, &uri);
	int code = SQLITE_NOMEM;
	if (stauth_buf_ok(&uri)) {
		code = sqlite3_open_v2(stauth_buf_str(&uri), ret_sql,
			SQLITE_OPEN_READONLY | SQLITE_OPEN_URI |
				SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX |
				SQLITE_OPEN_PRIVATECACHE,
			NULL);
	}
	stauth_buf_finish(&uri);
	return code;
}

static int read_file(const char *path, sqlite3 *to)
{
	sqlite3 *from = NULL;
	int code = open_file(path, &from);

	if (code == SQLITE_OK) {
		code = stauth_db_harden(from);
	}
	if (code == SQLITE_OK) {
		sqlite3_backup *read =
			sqlite3_backup_init(to, "main", from, "main");
		if (read != NULL) {
			(void)sqlite3_backup_step(read, -1);
			code = sqlite3_backup_finish(read);
		} else {
			code = sqlite3_errcode(to);
		}
	}
	sqlite3_close_v2(from);
	return code;
}

/* A regular file (opening anything else may wait for ever), and a whole one:
 * what lies in a -wal beside it would be missing. */
static enum stauth_rc check_file(
	const char *file, const char *path, struct stauth_err *err)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0) {
		return stauth_copy_refused(file, errno, err);
	}
	struct stat st;
	bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	close(fd);
	if (!regular) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"%.140s is not a regular file", file);
	}
	char wal[PATH_MAX + 8];
	snprintf(wal, sizeof(wal), "%s-wal", path);
	if (stat(wal, &st) == 0 && st.st_size > 0) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"%.80s is a copy of a live database, with a -wal; "
			"make one with stauthctl backup",
			file);
	}
	return STAUTH_OK;
}

/* The copy is a file without a name, in the directory for such. */
static enum stauth_rc load(
	struct stauth_db *copy, const char *file, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_copy_path(file, copy->path, err);

	if (rc == STAUTH_OK) {
		rc = check_file(file, copy->path, err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (sqlite3_open_v2("", &copy->sql,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
			    SQLITE_OPEN_PRIVATECACHE,
		    NULL) != SQLITE_OK ||
		read_file(copy->path, copy->sql) != SQLITE_OK ||
		stauth_db_harden(copy->sql) != SQLITE_OK ||
		sqlite3_exec(copy->sql, "PRAGMA secure_delete = ON", NULL, NULL,
			NULL) != SQLITE_OK) {
		return refuse(copy->path, err);
	}
	/* STAUTH_SCHEMA_ID */
	if (!says(copy->sql, "PRAGMA application_id", "1937006965") ||
		!says(copy->sql, "PRAGMA integrity_check(1)", "ok") ||
		!says(copy->sql,
			"SELECT count(*) FROM sqlite_schema "
			"WHERE type IN ('trigger', 'view')",
			"0")) {
		return refuse(copy->path, err);
	}
	rc = stauth_schema_migrate(copy, err);
	return rc == STAUTH_OK ? stauth_schema_compare(copy, err) : rc;
}

/* --- what changes for people */

static enum stauth_rc compare(
	struct restore *restore, int64_t uid, const char *name, bool disabled)
{
	struct stauth_query query;

	stauth_query_start(&query, &restore->now, STAUTH_SQL_RESTORE_PRESENT);
	stauth_bind_int(&query, uid);
	stauth_bind_text(&query, name);
	enum stauth_rc rc = stauth_query_row(&query, NULL);
	bool was_disabled = false;
	if (rc == STAUTH_OK) {
		was_disabled = stauth_read_flag(&query);
	}
	stauth_query_end(&query);
	if (rc == STAUTH_NOTFOUND || (was_disabled && !disabled)) {
		restore->job->found(name, was_disabled, restore->job->user);
	}
	return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

static enum stauth_rc tell(struct restore *restore, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, &restore->copy, STAUTH_SQL_RESTORE_USERS);
	char name[STAUTH_NAME_SIZE];
	enum stauth_rc rc;
	while ((rc = stauth_query_row(&query, err)) == STAUTH_OK) {
		int64_t uid = stauth_read_int(&query, 1, INT64_MAX);
		stauth_read_text(&query, name, sizeof(name));
		bool disabled = stauth_read_flag(&query);
		rc = stauth_query_sound(&query, err);
		if (rc == STAUTH_OK) {
			rc = compare(restore, uid, name, disabled);
		}
		if (rc != STAUTH_OK) {
			break;
		}
	}
	stauth_query_end(&query);
	return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

/* --- 2: nothing old comes back */

/* A value above both stores'. */
static enum stauth_rc above(struct restore *restore, enum stauth_sql id,
	int64_t *ret_value, struct stauth_err *err)
{
	int64_t a = 0;
	int64_t b = 0;
	enum stauth_rc rc =
		stauth_query_value(&restore->copy, id, NULL, &a, err);

	if (rc == STAUTH_OK) {
		rc = stauth_query_value(&restore->now, id, NULL, &b, err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	a = a > b ? a : b;
	if (a < 0 || a > INT64_MAX / 2) {
		return stauth_fail(err, STAUTH_EBROKEN,
			"a counter of the database is out of range");
	}
	*ret_value = a + 1;
	return STAUTH_OK;
}

static enum stauth_rc run(struct stauth_db *db, enum stauth_sql id,
	const int64_t *values, size_t count, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, id);
	for (size_t i = 0; i < count; i++) {
		stauth_bind_int(&query, values[i]);
	}
	return stauth_query_run(&query, NULL, err);
}

static const char ended[] =
	"DELETE FROM sessions; DELETE FROM devices; DELETE FROM rate_limits; "
	"DELETE FROM pins; DELETE FROM resets; DELETE FROM invites; "
	"DELETE FROM outbox; "
	"DELETE FROM sqlite_sequence WHERE name IN ('users', 'audit', "
	"'outbox')";

static enum stauth_rc retire(struct restore *restore, struct stauth_err *err)
{
	struct stauth_db *copy = &restore->copy;
	int64_t epoch = 0;
	int64_t counters[3] = {0};
	enum stauth_rc rc =
		above(restore, STAUTH_SQL_RESTORE_EPOCH, &epoch, err);

	if (rc == STAUTH_OK) {
		rc = above(restore, STAUTH_SQL_RESTORE_UID, &counters[0], err);
	}
	if (rc == STAUTH_OK) {
		rc = above(
			restore, STAUTH_SQL_RESTORE_AUDIT, &counters[1], err);
	}
	/* Of a mail that is being delivered, the number must mean no other. */
	if (rc == STAUTH_OK) {
		rc = above(restore, STAUTH_SQL_RESTORE_MAIL, &counters[2], err);
	}
	if (rc == STAUTH_OK &&
		sqlite3_exec(copy->sql, ended, NULL, NULL, NULL) != SQLITE_OK) {
		rc = stauth_db_fault(copy, sqlite3_errcode(copy->sql), err);
	}
	if (rc == STAUTH_OK) {
		rc = run(copy, STAUTH_SQL_RESTORE_COUNTERS, counters, 3, err);
	}
	if (rc == STAUTH_OK) {
		rc = run(copy, STAUTH_SQL_RESTORE_META, &epoch, 1, err);
	}
	if (rc == STAUTH_OK) {
		rc = run(copy, STAUTH_SQL_RESTORE_EPOCHS, &epoch, 1, err);
	}
	if (rc == STAUTH_OK) {
		rc = run(
			copy, STAUTH_SQL_RESTORE_REMOTE_EPOCHS, &epoch, 1, err);
	}
	if (rc == STAUTH_OK) {
		rc = stauth_audit_put(
			copy, &restore->job->audit, restore->job->now_s, err);
	}
	return rc;
}

/* --- 3: one transaction */

static enum stauth_rc lock_live(struct restore *restore, struct stauth_err *err)
{
	struct stauth_db *live = &restore->live;

	restore->backup = sqlite3_backup_init(
		live->sql, "main", restore->copy.sql, "main");
	if (restore->backup == NULL) {
		return stauth_db_fault(live, sqlite3_errcode(live->sql), err);
	}
	/* No page yet, but the lock that a write takes. */
	int code = sqlite3_backup_step(restore->backup, 0);
	return code == SQLITE_OK ? STAUTH_OK : stauth_db_fault(live, code, err);
}

static enum stauth_rc replace(struct restore *restore, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_db_begin_raw(&restore->copy, err);

	if (rc == STAUTH_OK) {
		rc = stauth_db_end(&restore->copy, retire(restore, err), err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	int code = sqlite3_backup_step(restore->backup, -1);
	return code == SQLITE_DONE
		       ? STAUTH_OK
		       : stauth_db_fault(&restore->live,
				 code == SQLITE_OK ? SQLITE_ERROR : code, err);
}

static enum stauth_rc restore_all(struct restore *restore, const char *file,
	const struct stauth_config *config, struct stauth_err *err)
{
	enum stauth_rc rc =
		stauth_db_setup(&restore->live, config->sqlite_db_path,
			config->sqlite_db, STAUTH_ROLE_ADMIN, err);

	if (rc == STAUTH_OK) {
		rc = stauth_db_setup(&restore->now, config->sqlite_db_path,
			config->sqlite_db, STAUTH_ROLE_ADMIN, err);
	}
	if (rc == STAUTH_OK) {
		rc = load(&restore->copy, file, err);
	}
	if (rc == STAUTH_OK) {
		rc = stauth_db_ready(&restore->live, err);
	}
	if (rc == STAUTH_OK) {
		rc = stauth_db_ready(&restore->now, err);
	}
	if (rc == STAUTH_OK &&
		stauth_files_set_id(restore->copy.sql,
			stauth_files_id(&restore->live)) != SQLITE_OK) {
		rc = refuse(restore->copy.path, err);
	}
	if (rc == STAUTH_OK && !restore->job->dry_run) {
		rc = lock_live(restore, err);
	}
	if (rc == STAUTH_OK) {
		rc = tell(restore, err);
	}
	if (rc == STAUTH_OK && !restore->job->dry_run) {
		rc = replace(restore, err);
	}
	return rc;
}

enum stauth_rc stauth_sqlite_restore(const struct stauth_config *config,
	const char *file, const struct stauth_restore *job,
	struct stauth_err *err)
{
	struct restore *restore = calloc(1, sizeof(*restore));

	if (restore == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	restore->job = job;
	enum stauth_rc rc = restore_all(restore, file, config, err);
	/* Of a copy that is not complete, this takes everything back. */
	int code = sqlite3_backup_finish(restore->backup);
	if (rc == STAUTH_OK && code != SQLITE_OK) {
		rc = stauth_db_fault(&restore->live, code, err);
	}
	stauth_db_close(&restore->copy);
	stauth_db_close(&restore->now);
	stauth_db_close(&restore->live);
	free(restore);
	return rc;
}
