/* SPDX-License-Identifier: MIT */
#ifndef CTL_YAML_READER_H
#define CTL_YAML_READER_H

#include <stdbool.h>
#include <stddef.h>

#include <yaml.h>

#include "base/rc.h"

#define CTL_YAML_TEXT_SIZE 512 /* of a key or a value, with its NUL */

struct ctl_yaml {
	yaml_parser_t parser;
	yaml_event_t event; /* the present one; zeroed: none */
	size_t key_line;    /* of the pair that was handed out last */
	int fd;
	size_t bytes;
	size_t directives; /* %TAG so far, and how much of one more */
	size_t matched;
	const char *refused; /* why nothing more is read; NULL: it is */
};

/* From the start of the file; fd is borrowed. */
enum stauth_rc ctl_yaml_open(
	struct ctl_yaml *yaml, int fd, struct stauth_err *err);
void ctl_yaml_close(struct ctl_yaml *yaml);

/* All: BADVALUE with the line, when this is no YAML or not ours to read. */
enum stauth_rc ctl_yaml_next(struct ctl_yaml *yaml, struct stauth_err *err);
/* From the first event of a node to its last. */
enum stauth_rc ctl_yaml_skip(struct ctl_yaml *yaml, struct stauth_err *err);
/* key has len bytes, perhaps a NUL among them, and one behind them. The
 * present event is the value's first; the call leaves its last. */
typedef enum stauth_rc ctl_yaml_pair_fn(
	const char *key, size_t len, void *arg, struct stauth_err *err);
/* From the start of a mapping to its end, pair by pair. */
enum stauth_rc ctl_yaml_each(struct ctl_yaml *yaml, ctl_yaml_pair_fn *pair,
	void *arg, struct stauth_err *err);

/* The one document of the file, if it is a mapping: the same, pair by pair. */
enum stauth_rc ctl_yaml_document(struct ctl_yaml *yaml, ctl_yaml_pair_fn *pair,
	void *arg, struct stauth_err *err);

/* Of the present event. */
size_t ctl_yaml_line(const struct ctl_yaml *yaml);
/* Is it a plain null, or nothing? */
bool ctl_yaml_is_null(const struct ctl_yaml *yaml);

#endif
