/* SPDX-License-Identifier: MIT */
#include "nginx/load.h"

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nginx/parse.h"
#include "nginx/source.h"

#include "base/banned.h"

static const char marker[] = "# configuration file ";

#define MARKER_LEN (sizeof(marker) - 1)

static const char *line_end(const char *at, const char *end)
{
	const char *found = memchr(at, '\n', (size_t)(end - at));

	return found ? found : end;
}

/* "# configuration file /etc/nginx/nginx.conf:", as -T writes it. */
static bool is_marker(const char *line, const char *end)
{
	size_t len = (size_t)(end - line);

	return len > MARKER_LEN + 1 && memcmp(line, marker, MARKER_LEN) == 0 &&
	       line[MARKER_LEN] == '/' && end[-1] == ':';
}

/* What nginx says on stderr, for those who wrote `nginx -T 2>&1`. */
static bool is_remark(const char *line, const char *end)
{
	static const char begin[] = "nginx: ";
	size_t len = (size_t)(end - line);

	return len == 0 || (len >= sizeof(begin) - 1 &&
				   memcmp(line, begin, sizeof(begin) - 1) == 0);
}

static bool add_file(struct ctl_conf *conf, const char *name, size_t name_len,
	const char *text, size_t len)
{
	struct ctl_conf_file *file = ctl_conf_alloc(conf, sizeof(*file));

	if (!file) {
		return false;
	}
	if (len > CTL_CONF_TEXT_MAX - conf->text_bytes) {
		return ctl_conf_fail(
			conf, name, 1, "the configuration is too large");
	}
	conf->text_bytes += len;
	file->name = ctl_conf_copy(conf, name, name_len);
	file->text = ctl_conf_copy(conf, text, len);
	file->len = len;
	*conf->files_end = file;
	conf->files_end = &file->next;
	return file->name && file->text;
}

/* Is this -T's output? Then *ret_start is its first marker. */
static bool is_dump(const char *text, const char *end, const char **ret_start)
{
	for (const char *at = text; at < end;) {
		const char *stop = line_end(at, end);

		if (is_marker(at, stop)) {
			*ret_start = at;
			return true;
		}
		if (!is_remark(at, stop)) {
			return false;
		}
		at = stop < end ? stop + 1 : end;
	}
	return false;
}

/* From a marker on, file by file. */
static bool split_dump(struct ctl_conf *conf, const char *at, const char *end)
{
	while (at < end) {
		const char *stop = line_end(at, end);
		const char *name = at + MARKER_LEN;
		const char *text = stop < end ? stop + 1 : end;
		const char *next = text;

		while (next < end && !is_marker(next, line_end(next, end))) {
			next = line_end(next, end);
			next += next < end;
		}
		if (!add_file(conf, name, (size_t)(stop - 1 - name), text,
			    (size_t)(next - text))) {
			return false;
		}
		at = next;
	}
	return true;
}

bool ctl_conf_load(
	struct ctl_conf *conf, const char *name, const char *text, size_t len)
{
	const char *start = NULL;

	ctl_conf_init(conf);
	conf->on_disk = !is_dump(text, text + len, &start);
	if (conf->on_disk ? !add_file(conf, name, strlen(name), text, len)
			  : !split_dump(conf, start, text + len)) {
		return false;
	}
	conf->root.file = conf->files->name;
	conf->root.line = 1;
	return ctl_conf_parse(conf, conf->files, &conf->root, 0);
}

/* --- includes */

static const struct ctl_conf_file *find_file(
	const struct ctl_conf *conf, const char *path)
{
	const struct ctl_conf_file *file = conf->files;

	while (file && strcmp(file->name, path) != 0) {
		file = file->next;
	}
	return file;
}

/* Relative names are below the folder of nginx.conf. */
static bool full_path(
	const struct ctl_conf *conf, const char *name, char path[PATH_MAX])
{
	const char *slash = strrchr(conf->files->name, '/');
	int folder = slash ? (int)(slash + 1 - conf->files->name) : 0;

	if (name[0] == '/') {
		folder = 0;
	}
	return snprintf(path, PATH_MAX, "%.*s%s", folder, conf->files->name,
		       name) < PATH_MAX;
}

static bool parse_one(struct ctl_conf *conf, const char *path,
	struct ctl_conf_node *parent, int depth, size_t *ret_found)
{
	const struct ctl_conf_file *file = find_file(conf, path);
	struct ctl_source source = {0};
	bool added = false;

	if (!file && conf->on_disk &&
		ctl_source_file(path, CTL_CONF_TEXT_MAX, &source)) {
		added = add_file(
			conf, path, strlen(path), source.text, source.len);
		ctl_source_finish(&source);
		if (!added) {
			return false;
		}
		file = find_file(conf, path);
	}
	if (!file) {
		return true;
	}
	(*ret_found)++;
	return ctl_conf_parse(conf, file, parent, depth + 1);
}

static int by_name(const void *one, const void *two)
{
	const char *const *a = one;
	const char *const *b = two;

	return strcmp(*a, *b);
}

/* The files of a dump that a pattern means, in the order of their names. */
static bool parse_matching(struct ctl_conf *conf, const char *pattern,
	struct ctl_conf_node *parent, int depth, size_t *ret_found)
{
	const char **names = NULL;
	size_t count = 0;

	for (const struct ctl_conf_file *file = conf->files; file;
		file = file->next) {
		count++;
	}
	names = ctl_conf_alloc(conf, count * sizeof(*names));
	if (!names) {
		return false;
	}
	count = 0;
	for (const struct ctl_conf_file *file = conf->files; file;
		file = file->next) {
		if (fnmatch(pattern, file->name, FNM_PATHNAME | FNM_PERIOD) ==
			0) {
			names[count++] = file->name;
		}
	}
	qsort(names, count, sizeof(*names), by_name);
	for (size_t i = 0; i < count; i++) {
		if (!parse_one(conf, names[i], parent, depth, ret_found)) {
			return false;
		}
	}
	return true;
}

/* A folder that is not there has no files; one that may not be read is to be
 * told of. */
static int stop_if_denied(const char *path, int error)
{
	(void)path;
	return error == EACCES;
}

static bool parse_glob(struct ctl_conf *conf, const char *pattern,
	struct ctl_conf_node *parent, int depth, size_t *ret_found,
	bool *ret_denied)
{
	glob_t found = {0};
	bool done = true;
	int result = glob(pattern, 0, stop_if_denied, &found);

	*ret_denied = result == GLOB_ABORTED || result == GLOB_NOSPACE;
	if (result == 0) {
		for (size_t i = 0; done && i < found.gl_pathc; i++) {
			done = parse_one(conf, found.gl_pathv[i], parent, depth,
				ret_found);
		}
	}
	globfree(&found);
	return done;
}

/* nginx takes no file for a pattern, but not for a name. */
static bool follow(struct ctl_conf *conf, struct ctl_conf_node *parent,
	const char *path, int depth, size_t *ret_found, bool *ret_denied)
{
	*ret_denied = false;
	if (!strpbrk(path, "*?[")) {
		return parse_one(conf, path, parent, depth, ret_found);
	}
	return conf->on_disk
		       ? parse_glob(conf, path, parent, depth, ret_found,
				 ret_denied)
		       : parse_matching(conf, path, parent, depth, ret_found);
}

bool ctl_conf_include(struct ctl_conf *conf, struct ctl_conf_node *parent,
	struct ctl_conf_node *node, int depth)
{
	char path[PATH_MAX];
	size_t found = 0;
	bool denied = false;

	if (depth >= CTL_CONF_DEPTH_MAX) {
		return ctl_conf_fail(conf, node->file, node->line,
			"includes too deep in each other");
	}
	if (node->word_count != 2 || !conf->files ||
		!full_path(conf, node->words[1], path)) {
		return true;
	}
	ctl_conf_drop(parent, node);
	if (!follow(conf, parent, path, depth, &found, &denied)) {
		return false;
	}
	if (denied || (!found && !strpbrk(path, "*?["))) {
		ctl_conf_append(parent, node);
	}
	return true;
}
