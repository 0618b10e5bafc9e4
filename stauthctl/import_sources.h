/* SPDX-License-Identifier: MIT */
/*
 * The files that `stauthctl import` reads, one file of code each: they turn
 * somebody's format into entries and judge nothing that auth/import.c judges.
 */
#ifndef CTL_IMPORT_SOURCES_H
#define CTL_IMPORT_SOURCES_H

#include <stdint.h>

#include "auth/import.h"

#define CTL_LINE_MAX (64 * 1024) /* bytes of a line or an entry */

struct ctl_import_file {
	int fd; /* a regular file; every reading begins at its start */
	int64_t now_s;
};

/* All are stauth_import_source's read; self is a struct ctl_import_file.
 * BADVALUE: the file as a whole cannot be read, with the line in err->msg. */
enum stauth_rc ctl_htpasswd_read(
	void *self, stauth_import_fn *take, void *arg, struct stauth_err *err);
enum stauth_rc ctl_shadow_read(
	void *self, stauth_import_fn *take, void *arg, struct stauth_err *err);
enum stauth_rc ctl_json_read(
	void *self, stauth_import_fn *take, void *arg, struct stauth_err *err);
enum stauth_rc ctl_authenticator_read(
	void *self, stauth_import_fn *take, void *arg, struct stauth_err *err);
enum stauth_rc ctl_authelia_read(
	void *self, stauth_import_fn *take, void *arg, struct stauth_err *err);
/* The keys of a .env that are stauth's, as a new stauth.conf. An exit code. */
struct ctl;
int ctl_write_config(struct ctl *ctl, const char *env, const char *path);

/* --- what they share */

/* line has no line break, but a NUL behind its len bytes; it may be changed
 * and is wiped afterwards. */
typedef enum stauth_rc ctl_line_fn(char *line, size_t len, size_t number,
	void *arg, struct stauth_err *err);

/* Every line of the file, with LF or CRLF behind it, without a byte order
 * mark. BADVALUE: a line is too long, or holds a NUL. */
enum stauth_rc ctl_lines_read(
	int fd, ctl_line_fn *each, void *arg, struct stauth_err *err);

/* read(2) that continues after a signal; EUNREACHABLE. */
enum stauth_rc ctl_read_some(int fd, void *data, size_t size, size_t *ret_len,
	struct stauth_err *err);

#endif
