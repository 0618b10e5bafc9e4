/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fd.h"
#include "ctl.h"
#include "nginx/check/check.h"
#include "out.h"
#include "result.h"
#include "text.h"

#include "base/banned.h"

/* What failed has nothing to do with the store. */
static int fail_rc(enum stauth_rc rc, const struct stauth_err *err)
{
	return ctl_fail_with(ctl_exit_of(rc), "%s", err->msg);
}

/* --- nginx check */

static const struct ctl_field fields[] = {
	{"file", NULL, CTL_TEXT, 0},
	{"line", NULL, CTL_NUMBER, 0},
	{"rule", NULL, CTL_TEXT, 0},
	{"message", NULL, CTL_TEXT, 0},
	{"fix", NULL, CTL_TEXT, 0},
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static void put_finding(const struct nginx_finding *one)
{
	ctl_out_clean(one->file);
	printf(":%d: ", one->line);
	ctl_out_clean(one->what);
	printf(" [%s]\n    %s\n    %s\n", one->rule->name, one->rule->happens,
		one->rule->fix);
}

static void put_json(struct ctl_out *out, const struct nginx_finding *one)
{
	char message[NGINX_FINDING_SIZE + 256];

	snprintf(message, sizeof(message), "%s. %s", one->what,
		one->rule->happens);
	ctl_out_row(out, (const struct ctl_value[FIELD_COUNT]){
				 {one->file, 0},
				 {NULL, one->line},
				 {one->rule->name, 0},
				 {message, 0},
				 {one->rule->fix, 0},
			 });
}

static int put_report(const struct ctl *ctl, const struct nginx_report *report)
{
	struct ctl_out out;

	ctl_out_begin(&out, CTL_MANY, ctl->json, fields, FIELD_COUNT);
	for (size_t i = 0; i < report->count; i++) {
		if (ctl->json) {
			put_json(&out, &report->list[i]);
		} else {
			put_finding(&report->list[i]);
		}
	}
	if (!ctl->json && report->count == 0) {
		printf(CTL_TEXT_NGINX_OK, report->app_count,
			report->app_count == 1 ? "" : "s");
	}
	int code = ctl_out_end(&out);
	if (report->count > 0) {
		ctl_info(ctl, CTL_TEXT_NGINX_FINDINGS, report->count,
			report->cut ? CTL_TEXT_NGINX_MORE : "");
	}
	return code == EX_OK && report->count > 0 ? EX_DATAERR : code;
}

static int judge_text(struct ctl *ctl, const struct stauth_buf *text)
{
	struct nginx_report report = {0};
	struct nginx_conf conf;
	int code = EX_OK;

	if (!nginx_conf_dump(&conf, stauth_buf_str(text), text->len)) {
		code = ctl_fail_with(EX_DATAERR, "%s", conf.error);
	} else if (!nginx_check(&conf, ctl->config, &report)) {
		code = ctl_fail_with(EX_TEMPFAIL, CTL_TEXT_NO_MEMORY);
	} else {
		code = put_report(ctl, &report);
	}
	free(report.list);
	nginx_conf_free(&conf);
	return code;
}

static int fail_refusal(const struct nginx_refusal *refusal)
{
	ctl_warn(CTL_TEXT_NGINX_REFUSED, refusal->line);
	if (refusal->advice != NULL) {
		ctl_warn("%s", refusal->advice);
	}
	return refusal->is_denied ? EX_NOPERM : EX_CONFIG;
}

int ctl_nginx_check(struct ctl *ctl)
{
	struct stauth_err err = {0};
	enum stauth_rc rc = nginx_snippets_fit(ctl->config, &err);

	if (rc != STAUTH_OK) {
		return fail_rc(rc, &err);
	}
	if (ctl->operand_count > 0 && strcmp(ctl->operands[0], "-") != 0) {
		return ctl_usage(CTL_TEXT_NGINX_OPERAND);
	}
	struct stauth_buf text;
	stauth_buf_init(&text, NGINX_TEXT_MAX);
	bool is_given = ctl->operand_count > 0;
	rc = is_given ? nginx_dump_read(STDIN_FILENO, &text, &err)
		      : nginx_dump_run(&text, &err);
	struct nginx_refusal refusal;
	int code = EX_OK;
	if ((rc == STAUTH_OK || rc == STAUTH_ECONFIG) &&
		strstr(stauth_buf_str(&text), "# configuration file /") ==
			NULL &&
		nginx_refused(stauth_buf_str(&text), &refusal)) {
		code = fail_refusal(&refusal);
	} else {
		code = rc == STAUTH_OK ? judge_text(ctl, &text)
				       : fail_rc(rc, &err);
	}
	stauth_buf_finish(&text);
	return code;
}

/* --- nginx probe */

static const struct ctl_field probe_fields[] = {
	{"rule", NULL, CTL_TEXT, 0},
	{"message", NULL, CTL_TEXT, 0},
	{"fix", NULL, CTL_TEXT, 0},
};

#define PROBE_COUNT (sizeof(probe_fields) / sizeof(probe_fields[0]))

static int put_probe(const struct ctl *ctl, const struct nginx_probe *probe)
{
	struct ctl_out out;

	ctl_out_begin(&out, CTL_MANY, ctl->json, probe_fields, PROBE_COUNT);
	for (size_t i = 0; i < probe->count; i++) {
		const struct nginx_evidence *one = &probe->list[i];

		if (ctl->json) {
			ctl_out_row(&out, (const struct ctl_value[PROBE_COUNT]){
						  {one->rule, 0},
						  {one->what, 0},
						  {one->fix, 0},
					  });
			continue;
		}
		ctl_out_clean(one->what);
		printf(" [%s]\n    %s\n", one->rule, one->fix);
	}
	if (!ctl->json && probe->count == 0) {
		printf(CTL_TEXT_PROBE_OK, probe->asked);
	}
	int code = ctl_out_end(&out);
	if (probe->count > 0) {
		ctl_info(ctl, CTL_TEXT_PROBE_FINDINGS, probe->count);
	}
	return code == EX_OK && probe->count > 0 ? EX_DATAERR : code;
}

int ctl_nginx_probe(struct ctl *ctl)
{
	struct nginx_probe probe;
	struct stauth_err err = {0};
	enum stauth_rc rc = nginx_probe_run(ctl->operands[0], &probe, &err);

	if (rc == STAUTH_BADVALUE) {
		return ctl_usage(CTL_TEXT_PROBE_URL, err.msg);
	}
	return rc == STAUTH_OK ? put_probe(ctl, &probe) : fail_rc(rc, &err);
}

/* --- nginx snippets: each file is whole or the old one, for nginx may be
 * reloaded at any moment */

static int fail_errno(const char *path)
{
	bool denied = errno == EACCES || errno == EPERM || errno == EROFS;

	return ctl_fail_with(denied ? EX_NOPERM : EX_CANTCREAT, "%s: %s", path,
		strerror(errno));
}

/* Beside its place, then moved onto it. */
static int put_file(int dir_fd, const char *dir, const char *name,
	const struct stauth_buf *buf)
{
	char temporary[NAME_MAX];

	snprintf(temporary, sizeof(temporary), ".%s.%ld", name, (long)getpid());
	int fd = openat(dir_fd, temporary,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		return fail_errno(dir);
	}
	bool done = stauth_write_all(fd, buf->data, buf->len) == 0 &&
		    fchmod(fd, 0644) == 0 && fsync(fd) == 0;
	done = close(fd) == 0 && done;
	if (!done || renameat(dir_fd, temporary, dir_fd, name)) {
		int code = fail_errno(dir);

		(void)unlinkat(dir_fd, temporary, 0);
		return code;
	}
	return EX_OK;
}

static int write_snippets(const struct ctl *ctl, int dir_fd, const char *dir)
{
	int code = EX_OK;

	for (size_t i = 0; code == EX_OK && nginx_assets[i].name != NULL; i++) {
		struct stauth_buf buf;

		stauth_buf_init(&buf, NGINX_SNIPPET_MAX);
		nginx_snippet_render(&buf, nginx_assets[i].data, ctl->config);
		code = stauth_buf_ok(&buf)
			       ? put_file(dir_fd, dir, nginx_assets[i].name,
					 &buf)
			       : ctl_fail_with(EX_TEMPFAIL, CTL_TEXT_NO_MEMORY);
		stauth_buf_finish(&buf);
		if (code == EX_OK) {
			ctl_info(ctl, CTL_TEXT_SNIPPET_WRITTEN, dir,
				nginx_assets[i].name);
		}
	}
	return code;
}

int ctl_nginx_snippets(struct ctl *ctl)
{
	const char *dir = ctl->operands[0];
	struct stauth_err err = {0};
	enum stauth_rc rc = nginx_snippets_fit(ctl->config, &err);

	if (rc != STAUTH_OK) {
		return fail_rc(rc, &err);
	}
	if (mkdir(dir, 0755) && errno != EEXIST) {
		return fail_errno(dir);
	}
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0) {
		return fail_errno(dir);
	}
	int code = write_snippets(ctl, dir_fd, dir);
	close(dir_fd);
	return code;
}
