/* SPDX-License-Identifier: MIT */
/*
 * What a result code of SQLite means to us, and why a database cannot be
 * opened or written, in words that help. The
 * owner and group of the directory are right for all that is in it; those of
 * the directory are the service's (CONTRACT 9).
 */
#include "store/sqlite/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

#define SERVICE   "stauth" /* user and group */
#define NAME_SIZE 64

static bool allowed(const char *path, int how)
{
	return faccessat(AT_FDCWD, path, how, AT_EACCESS) == 0 ||
	       errno != EACCES;
}

static void add(struct stauth_err *err, const char *words)
{
	size_t len = strlen(err->msg);

	if (strlen(words) < sizeof(err->msg) - len) {
		snprintf(err->msg + len, sizeof(err->msg) - len, "%s", words);
	}
}

/* Who may not write there gets that answer; nothing is wrong then. */
static void explain_dir(const char *dir, struct stauth_err *err)
{
	const struct passwd *user = getpwnam(SERVICE);
	const struct group *group = getgrnam(SERVICE);

	if (user == NULL || group == NULL) {
		/* Not installed: then whose it should be is not known. */
		add(err, "; this user may not write the directory");
		return;
	}
	struct stat st;
	if (stat(dir, &st) == 0 && st.st_gid == group->gr_gid &&
		(st.st_mode & S_IRWXG) == S_IRWXG) {
		add(err, "; it is for root and the group " SERVICE);
		return;
	}
	char words[sizeof(err->msg)];
	int len = snprintf(words, sizeof(words),
		"; run: chown " SERVICE ":" SERVICE " %s && chmod 2770 %s", dir,
		dir);
	if (len > 0 && (size_t)len < sizeof(words)) {
		add(err, words);
	}
}

static void names_of(
	const struct stat *dir, char user[NAME_SIZE], char group[NAME_SIZE])
{
	const struct passwd *owner = getpwuid(dir->st_uid);
	const struct group *of = getgrgid(dir->st_gid);

	snprintf(user, NAME_SIZE, "%lu", (unsigned long)dir->st_uid);
	snprintf(group, NAME_SIZE, "%lu", (unsigned long)dir->st_gid);
	if (owner != NULL) {
		snprintf(user, NAME_SIZE, "%s", owner->pw_name);
	}
	if (of != NULL) {
		snprintf(group, NAME_SIZE, "%s", of->gr_name);
	}
}

static void explain_file(
	const char *path, const char *dir, struct stauth_err *err)
{
	struct stat st;

	if (stat(dir, &st) != 0) {
		return;
	}
	char user[NAME_SIZE];
	char group[NAME_SIZE];
	names_of(&st, user, group);
	char words[sizeof(err->msg)];
	int len = snprintf(words, sizeof(words),
		"; run: chown %s:%s %s && chmod 660 %s", user, group, path,
		path);
	if (len > 0 && (size_t)len < sizeof(words)) {
		add(err, words);
	}
}

/* By a mount, or by the sandbox that systemd made for it. */
static bool is_read_only(const char *dir)
{
	return faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS) != 0 &&
	       errno == EROFS;
}

static void explain_read_only(const char *dir, struct stauth_err *err)
{
	char words[sizeof(err->msg)];
	int len = snprintf(words, sizeof(words), "; see findmnt -T %s", dir);

	add(err, "; the file system is read-only");
	if (len > 0 && (size_t)len < sizeof(words)) {
		add(err, words);
	}
	add(err, ", or ReadWritePaths in fcgi_gate(8)");
}

void stauth_db_explain(const char *path, struct stauth_err *err)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	const char *slash = strrchr(path, '/');

	if (err == NULL || slash == NULL || slash == path) {
		return;
	}
	char dir[PATH_MAX];
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	if (is_read_only(dir)) {
		explain_read_only(dir, err);
		return;
	}
	if (!allowed(dir, W_OK | X_OK)) {
		explain_dir(dir, err);
		return;
	}
	char file[PATH_MAX + 8];
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(file, sizeof(file), "%s%s", path, suffixes[i]);
		if (!allowed(file, R_OK | W_OK)) {
			explain_file(file, dir, err);
			return;
		}
	}
}

static enum stauth_rc meaning(int code)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_FULL:
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_IOERR:
	case SQLITE_PROTOCOL:
	case SQLITE_INTERRUPT:
		return STAUTH_EUNREACHABLE;
	case SQLITE_NOMEM:
		return STAUTH_ENOMEM;
	default:
		return STAUTH_EBROKEN;
	}
}

static bool outlived(int code)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_NOMEM:
	case SQLITE_TOOBIG:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
		return true;
	default:
		return false;
	}
}

static bool is_of_rights(int code)
{
	switch (code & 0xff) {
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return true;
	default:
		return false;
	}
}

static bool is_of_content(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT ||
	       (code & 0xff) == SQLITE_NOTADB;
}

enum stauth_rc stauth_db_fault(
	struct stauth_db *db, int code, struct stauth_err *err)
{
	if (!outlived(code)) {
		db->must_reopen = true;
	}
	enum stauth_rc rc = stauth_fail(err, meaning(code),
		"%s (SQLite %d): %.100s", sqlite3_errstr(code), code, db->path);
	if (is_of_rights(code)) {
		stauth_db_explain(db->path, err);
	}
	if (is_of_content(code)) {
		return stauth_fail(err, rc,
			"%s (SQLite %d); move it away, then: stauthctl init && "
			"stauthctl restore BACKUP: %.80s",
			sqlite3_errstr(code), code, db->path);
	}
	return rc;
}
