/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl.h"
#include "embedded.h"
#include "nginx/load.h"
#include "nginx/rules.h"
#include "nginx/site.h"
#include "nginx/snippets.h"
#include "nginx/source.h"
#include "out.h"
#include "result.h"

#include "base/banned.h"

/*
 * Is the wiring tight? The check MUST:
 *  1. say what nginx does, not what the files look like: what is inherited
 *     counts, and an include is as good as its words;
 *  2. be silent about the shipped snippets as they are meant to be used, and
 *     about other sites beside;
 *  3. never say "ok" about what it could not read.
 */
static const struct ctl_field fields[] = {
	{"file", NULL, CTL_TEXT, 0},
	{"line", NULL, CTL_NUMBER, 0},
	{"rule", NULL, CTL_TEXT, 0},
	{"severity", NULL, CTL_TEXT, 0},
	{"message", NULL, CTL_TEXT, 0},
	{"mend", NULL, CTL_TEXT, 0},
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))
#define MESSAGE_MAX (CTL_FINDING_SIZE + 512)

/* --- reading */

static int fail_run(
	const struct ctl_nginx_run *run, const struct ctl_source *source)
{
	if (!run->found) {
		return ctl_fail_with(EX_UNAVAILABLE,
			"there is no nginx in the usual places; give the "
			"output of `nginx -T` as a file, or - for stdin");
	}
	if (source->too_large) {
		return ctl_fail_with(
			EX_DATAERR, "the output of nginx -T is too large");
	}
	if (source->error) {
		return ctl_fail_with(EX_UNAVAILABLE, "nginx -T: %s",
			strerror(source->error));
	}
	if (run->denied && geteuid() != 0) {
		return ctl_fail_with(EX_NOPERM,
			"nginx -T may not read its own configuration:\n%s\n"
			"Try: sudo stauthctl nginx check",
			run->remark);
	}
	return ctl_fail_with(
		EX_CONFIG, "nginx -T has failed:\n%s", run->remark);
}

static int fail_file(const char *path, const struct ctl_source *source)
{
	if (source->too_large) {
		return ctl_fail_with(
			EX_DATAERR, "%s: larger than any configuration", path);
	}
	return ctl_fail_with(source->error == EACCES ? EX_NOPERM : EX_NOINPUT,
		"%s: %s", path, strerror(source->error));
}

/* The text of the operand, of stdin, or of nginx itself. */
static int read_text(
	struct ctl *ctl, struct ctl_source *source, const char **ret_name)
{
	struct ctl_nginx_run run;

	*ret_name = "stdin";
	if (ctl->operand_count == 0) {
		*ret_name = "nginx -T";
		return ctl_source_nginx(CTL_CONF_TEXT_MAX, source, &run)
			       ? EX_OK
			       : fail_run(&run, source);
	}
	if (strcmp(ctl->operands[0], "-") == 0) {
		return ctl_source_fd(STDIN_FILENO, CTL_CONF_TEXT_MAX, source)
			       ? EX_OK
			       : fail_file("stdin", source);
	}
	*ret_name = ctl->operands[0];
	return ctl_source_file(*ret_name, CTL_CONF_TEXT_MAX, source)
		       ? EX_OK
		       : fail_file(*ret_name, source);
}

/* --- what this version ships */

static bool load_shipped(const struct ctl_embedded *asset,
	const struct stauth_config *config, struct ctl_conf *conf)
{
	struct stauth_buf buf;
	bool done = false;

	stauth_buf_init(&buf, CTL_SNIPPET_MAX);
	ctl_snippets_render(&buf, asset->data, config);
	done = stauth_buf_ok(&buf) &&
	       ctl_conf_load(conf, asset->name, buf.data, buf.len);
	stauth_buf_finish(&buf);
	return done;
}

/* In the order of enum ctl_snippet, as they are in the program. */
static int add_shipped(struct ctl_site *site, struct ctl_conf *shipped)
{
	for (size_t i = 0; i < CTL_SNIPPETS; i++) {
		if (!load_shipped(&ctl_assets[i], site->config, &shipped[i])) {
			return ctl_fail_with(EX_TEMPFAIL, "out of memory");
		}
		site->shipped[i] = &shipped[i].root;
		site->shipped_names[i] = ctl_assets[i].name;
	}
	return EX_OK;
}

/* --- telling */

static void put_text(const char *text)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		fputc(byte < 0x20 || byte == 0x7f ? '?' : byte, stdout);
	}
}

static void put_finding(
	const struct ctl_finding *one, const struct ctl_rule *rule)
{
	put_text(one->file);
	printf(":%d: %s: ", one->line, ctl_severity_name(rule->severity));
	put_text(one->what);
	printf(" [%s]\n    %s\n    %s\n", rule->name, rule->happens,
		rule->mend);
}

static void put_json(struct ctl_out *out, const struct ctl_finding *one,
	const struct ctl_rule *rule)
{
	char message[MESSAGE_MAX];

	snprintf(message, sizeof(message), "%s. %s", one->what, rule->happens);
	ctl_out_row(out, (const struct ctl_value[FIELD_COUNT]){
				 {one->file, 0},
				 {NULL, one->line},
				 {rule->name, 0},
				 {ctl_severity_name(rule->severity), 0},
				 {message, 0},
				 {rule->mend, 0},
			 });
}

static int tell_findings(
	const struct ctl *ctl, const struct ctl_site *site, const char *name)
{
	const struct ctl_findings *findings = site->findings;
	size_t counts[CTL_SEVERITY_ERROR + 1] = {0};
	struct ctl_out out;
	int code = EX_OK;

	ctl_out_begin(&out, CTL_MANY, true, fields, FIELD_COUNT);
	for (size_t i = 0; i < findings->count; i++) {
		const struct ctl_finding *one = &findings->list[i];
		const struct ctl_rule *rule = ctl_rule(one->id);

		counts[rule->severity]++;
		if (ctl->json) {
			put_json(&out, one, rule);
		} else {
			put_finding(one, rule);
		}
	}
	if (!ctl->json && findings->count == 0) {
		printf("nginx: ok, %zu app%s behind the check\n",
			site->app_count, site->app_count == 1 ? "" : "s");
	}
	if (ctl->json) {
		code = ctl_out_end(&out);
	} else {
		ctl_out_drop(&out);
		code = ctl_out_flush();
	}
	if (findings->count) {
		ctl_info(ctl, "%s: errors: %zu, warnings: %zu, hints: %zu%s",
			name, counts[CTL_SEVERITY_ERROR],
			counts[CTL_SEVERITY_WARNING], counts[CTL_SEVERITY_HINT],
			findings->cut ? ", and more" : "");
	}
	return code != EX_OK                    ? code
	       : counts[CTL_SEVERITY_ERROR] > 0 ? EX_DATAERR
						: EX_OK;
}

/* --- all of it */

static int judge(struct ctl *ctl, const struct ctl_conf *conf, const char *name)
{
	struct ctl_conf shipped[CTL_SNIPPETS] = {0};
	struct ctl_findings findings = {0};
	struct ctl_site site = {.config = ctl->config,
		.root = &conf->root,
		.findings = &findings};
	int code = EX_TEMPFAIL;

	findings.list = calloc(CTL_FINDINGS_MAX, sizeof(*findings.list));
	site.apps = calloc(CTL_SITE_APPS_MAX, sizeof(*site.apps));
	if (findings.list && site.apps) {
		code = add_shipped(&site, shipped);
	} else {
		ctl_warn("out of memory");
	}
	if (code == EX_OK) {
		ctl_judge(&site);
		ctl_findings_sort(&findings);
		code = tell_findings(ctl, &site, name);
	}
	for (size_t i = 0; i < CTL_SNIPPETS; i++) {
		ctl_conf_finish(&shipped[i]);
	}
	free(findings.list);
	free(site.apps);
	return code;
}

int ctl_nginx_check(struct ctl *ctl)
{
	struct ctl_source source = {0};
	struct ctl_conf conf;
	const char *name = NULL;
	int code = ctl_snippets_fit(ctl->config);

	if (code == EX_OK) {
		code = read_text(ctl, &source, &name);
	}
	if (code != EX_OK) {
		return code;
	}
	if (ctl_conf_load(&conf, name, source.text, source.len)) {
		code = judge(ctl, &conf, name);
	} else {
		code = ctl_fail_with(EX_DATAERR, "%s", conf.error);
	}
	ctl_conf_finish(&conf);
	ctl_source_finish(&source);
	return code;
}
