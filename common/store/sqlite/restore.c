/* SPDX-License-Identifier: MIT */
/*
 * Putting a backup in the place of the database. MUSTs:
 *  1. What is not a valid backup of ours is refused before anything is
 *     written.
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
#include "base/codec.h"
#include "config/config.h"
#include "store/sqlite/copy.h"
#include "store/sqlite/fault.h"
#include "store/sqlite/files.h"
#include "store/sqlite/open.h"
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
		"%.120s is not a valid backup of stauth", path);
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

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = check_file(file, copy->path, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (sqlite3_open_v2("", &copy->sql,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
			    SQLITE_OPEN_PRIVATECACHE,
		    NULL) != SQLITE_OK ||
		read_file(copy->path, copy->sql) != SQLITE_OK ||
		stauth_db_harden(copy->sql) != SQLITE_OK ||
		sqlite3_exec(copy->sql,
			"PRAGMA secure_delete = ON; PRAGMA cache_size = -2000",
			NULL, NULL, NULL) != SQLITE_OK) {
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

static void compare(
	struct restore *restore, int64_t uid, const char *name, bool disabled)
{
	struct stauth_query query;

	START(&query, &restore->now, STAUTH_SQL_RESTORE_PRESENT, BIND_INT(uid),
		BIND_TEXT(name));
	bool present = stauth_row(&query);
	bool was_disabled = present && stauth_read_flag(&query);
	stauth_query_end(&query);
	if (stauth_verb_ok(&restore->now) &&
		(!present || (was_disabled && !disabled))) {
		restore->job->found(name, was_disabled, restore->job->user);
	}
}

static enum stauth_rc tell(struct restore *restore)
{
	struct stauth_query query;

	stauth_query_bind(&query, &restore->copy, STAUTH_SQL_RESTORE_USERS,
		stauth_no_values);
	char name[STAUTH_NAME_SIZE];
	while (stauth_verb_ok(&restore->now) && stauth_row(&query)) {
		int64_t uid = stauth_read_int(&query, 1, INT64_MAX);
		stauth_read_text(&query, name, sizeof(name));
		bool disabled = stauth_read_flag(&query);
		if (stauth_row_valid(&query)) {
			compare(restore, uid, name, disabled);
		}
	}
	stauth_query_end(&query);
	stauth_verb_fail(&restore->copy, stauth_verb_end(&restore->now), NULL);
	return stauth_verb_end(&restore->copy);
}

/* --- 2: nothing old comes back */

/* A value above both stores'. */
static int64_t above(struct restore *restore, enum stauth_sql id)
{
	int64_t a = stauth_read_value(&restore->copy, id, NULL);
	int64_t b = stauth_read_value(&restore->now, id, NULL);
	int64_t highest = a > b ? a : b;

	stauth_verb_fail(&restore->copy, stauth_verb_end(&restore->now), NULL);
	if (highest < 0 || highest > INT64_MAX / 2) {
		stauth_verb_fail(&restore->copy, STAUTH_EBROKEN,
			"a counter of the database is out of range");
		return 0;
	}
	return highest + 1;
}

static const char ended[] =
	"DELETE FROM sessions; DELETE FROM devices; DELETE FROM rate_limits; "
	"DELETE FROM pins; DELETE FROM resets; DELETE FROM invites; "
	"DELETE FROM outbox; "
	"DELETE FROM sqlite_sequence WHERE name IN ('users', 'audit', "
	"'outbox')";

static void name_head(
	struct stauth_db *db, const char *whose, char *out, size_t size)
{
	struct stauth_seal seal;
	char hex[2 * sizeof(seal.hash) + 1] = "none";
	int64_t number = 0;

	if (stauth_seal_find_last(db, &seal)) {
		number = seal.number;
		stauth_hex_encode(seal.hash, sizeof(seal.hash), hex);
	}
	snprintf(out, size, "%s seal %lld %s", whose, (long long)number, hex);
}

/* Who kept a head of the database that is replaced finds it here. */
static void name_heads(struct restore *restore, char *out, size_t size)
{
	name_head(&restore->copy, "backup", out, size);
	size_t len = strlen(out);
	name_head(&restore->now, ", replaced", out + len, size - len);
}

static void retire(struct restore *restore)
{
	struct stauth_db *copy = &restore->copy;
	int64_t epoch = above(restore, STAUTH_SQL_RESTORE_EPOCH);
	int64_t uid = above(restore, STAUTH_SQL_RESTORE_UID);
	int64_t audit = above(restore, STAUTH_SQL_RESTORE_AUDIT);
	/* Of a mail that is being delivered, the number must mean no other. */
	int64_t mail = above(restore, STAUTH_SQL_RESTORE_MAIL);

	if (sqlite3_exec(copy->sql, ended, NULL, NULL, NULL) != SQLITE_OK) {
		stauth_verb_fail(
			copy, STAUTH_EBROKEN, sqlite3_errmsg(copy->sql));
	}
	RUN(copy, STAUTH_SQL_RESTORE_COUNTERS, BIND_INT(uid), BIND_INT(audit),
		BIND_INT(mail));
	RUN(copy, STAUTH_SQL_RESTORE_META, BIND_INT(epoch));
	RUN(copy, STAUTH_SQL_RESTORE_EPOCHS, BIND_INT(epoch));
	RUN(copy, STAUTH_SQL_RESTORE_REMOTE_EPOCHS, BIND_INT(epoch));
	struct stauth_audit_row row = restore->job->audit;
	name_heads(restore, row.detail, sizeof(row.detail));
	stauth_audit_put(copy, &row, restore->job->now_s);
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
	stauth_verb_begin(&restore->copy);
	retire(restore);
	enum stauth_rc rc = stauth_verb_commit_only(&restore->copy);
	if (rc != STAUTH_OK) {
		return rc;
	}
	int code = sqlite3_backup_step(restore->backup, -1);
	return code == SQLITE_DONE
		       ? STAUTH_OK
		       : stauth_db_fault(&restore->live,
				 code == SQLITE_OK ? SQLITE_ERROR : code, err);
}

static enum stauth_rc open_live(struct stauth_db *db,
	const struct stauth_config *config, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_db_setup(db, config->sqlite_db_path,
		config->sqlite_db, STAUTH_ROLE_ADMIN, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	stauth_verb_read(db, err);
	return stauth_verb_end(db);
}

static enum stauth_rc restore_all(struct restore *restore, const char *file,
	const struct stauth_config *config, struct stauth_err *err)
{
	enum stauth_rc rc = load(&restore->copy, file, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = open_live(&restore->live, config, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = open_live(&restore->now, config, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (stauth_files_set_id(restore->copy.sql,
		    stauth_files_id(&restore->live)) != SQLITE_OK) {
		return refuse(restore->copy.path, err);
	}
	restore->copy.err = err;
	if (restore->job->dry_run) {
		return tell(restore);
	}
	rc = lock_live(restore, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = tell(restore);
	return rc == STAUTH_OK ? replace(restore, err) : rc;
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
