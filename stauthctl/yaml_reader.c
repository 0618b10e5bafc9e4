/* SPDX-License-Identifier: MIT */
/*
 * YAML as events, bounded:
 *
 *  1. Size and depth MUST be bounded before anything is made of them.
 *  2. Tags MUST be refused: nothing becomes another type. An alias is a leaf
 *     of its own: nothing is expanded.
 *  3. No copy of a value MUST be left. libyaml wipes nothing by itself.
 */
#include "yaml_reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "import_sources.h"

#include "base/banned.h"

#define BYTES_MAX      (16 * 1024 * 1024)
#define DEPTH_MAX      32
#define DIRECTIVE      "%TAG"
#define DIRECTIVES_MAX 16

/* libyaml looks through all tag directives at each new one: many of them
 * would take hours. They are of no use here, as tags are refused. */
static void count_directives(
	struct ctl_yaml *yaml, const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == (unsigned char)DIRECTIVE[yaml->matched]) {
			yaml->matched++;
		} else {
			yaml->matched = bytes[i] == DIRECTIVE[0];
		}
		if (yaml->matched == sizeof(DIRECTIVE) - 1) {
			yaml->matched = 0;
			yaml->directives++;
		}
	}
}

/* libyaml's read handler: 0 is a fault. */
static int read_bytes(
	void *data, unsigned char *buffer, size_t size, size_t *size_read)
{
	struct ctl_yaml *yaml = data;

	if (ctl_read_some(yaml->fd, buffer, size, size_read, NULL) !=
		STAUTH_OK) {
		return 0;
	}
	yaml->bytes += *size_read;
	count_directives(yaml, buffer, *size_read);
	if (yaml->bytes > BYTES_MAX) {
		yaml->refused = "the file is larger than 16 MiB";
	} else if (yaml->directives > DIRECTIVES_MAX) {
		yaml->refused = "too many tag directives";
	} else if (memchr(buffer, '\0', *size_read) != NULL) {
		yaml->refused = "NUL byte; not a text file";
	}
	return yaml->refused == NULL;
}

size_t ctl_yaml_line(const struct ctl_yaml *yaml)
{
	return yaml->event.start_mark.line + 1;
}

static void drop_event(struct ctl_yaml *yaml)
{
	if (yaml->event.type == YAML_SCALAR_EVENT) {
		stauth_wipe(yaml->event.data.scalar.value,
			yaml->event.data.scalar.length);
	}
	yaml_event_delete(&yaml->event);
}

static enum stauth_rc parse_failed(
	const struct ctl_yaml *yaml, struct stauth_err *err)
{
	if (yaml->refused != NULL) {
		return stauth_fail(err, STAUTH_BADVALUE, "%s", yaml->refused);
	}
	if (yaml->parser.error == YAML_READER_ERROR) {
		return stauth_fail(err, STAUTH_BADVALUE, "invalid YAML: %s",
			yaml->parser.problem);
	}
	if (yaml->parser.error == YAML_MEMORY_ERROR) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	return stauth_fail(err, STAUTH_BADVALUE, "%zu: invalid YAML: %s",
		yaml->parser.problem_mark.line + 1, yaml->parser.problem);
}

static bool has_tag(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return event->data.scalar.tag != NULL;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.tag != NULL;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.tag != NULL;
	default:
		return false;
	}
}

enum stauth_rc ctl_yaml_next(struct ctl_yaml *yaml, struct stauth_err *err)
{
	drop_event(yaml);
	if (!yaml_parser_parse(&yaml->parser, &yaml->event)) {
		return parse_failed(yaml, err);
	}
	if (has_tag(&yaml->event)) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"%zu: tags are not supported", ctl_yaml_line(yaml));
	}
	return STAUTH_OK;
}

enum stauth_rc ctl_yaml_skip(struct ctl_yaml *yaml, struct stauth_err *err)
{
	size_t depth = 0;
	enum stauth_rc rc = STAUTH_OK;

	while (rc == STAUTH_OK) {
		yaml_event_type_t type = yaml->event.type;

		if (type == YAML_MAPPING_START_EVENT ||
			type == YAML_SEQUENCE_START_EVENT) {
			depth++;
		} else if (type == YAML_MAPPING_END_EVENT ||
			   type == YAML_SEQUENCE_END_EVENT) {
			depth--;
		}
		if (depth == 0) {
			return STAUTH_OK;
		}
		if (depth > DEPTH_MAX) {
			return stauth_fail(err, STAUTH_BADVALUE,
				"%zu: nested too deeply", ctl_yaml_line(yaml));
		}
		rc = ctl_yaml_next(yaml, err);
	}
	return rc;
}

enum stauth_rc ctl_yaml_each(struct ctl_yaml *yaml, ctl_yaml_pair_fn *pair,
	void *arg, struct stauth_err *err)
{
	enum stauth_rc rc = ctl_yaml_next(yaml, err);

	while (rc == STAUTH_OK && yaml->event.type != YAML_MAPPING_END_EVENT) {
		char key[CTL_YAML_TEXT_SIZE];

		if (yaml->event.type != YAML_SCALAR_EVENT ||
			yaml->event.data.scalar.length >= sizeof(key)) {
			return stauth_fail(err, STAUTH_BADVALUE,
				"%zu: a key is not a string, or too long",
				ctl_yaml_line(yaml));
		}
		size_t len = yaml->event.data.scalar.length;
		memcpy(key, yaml->event.data.scalar.value, len);
		key[len] = '\0';
		yaml->key_line = ctl_yaml_line(yaml);
		rc = ctl_yaml_next(yaml, err);
		if (rc == STAUTH_OK) {
			rc = pair(key, len, arg, err);
		}
		if (rc == STAUTH_OK) {
			rc = ctl_yaml_next(yaml, err);
		}
	}
	return rc;
}

enum stauth_rc ctl_yaml_document(struct ctl_yaml *yaml, ctl_yaml_pair_fn *pair,
	void *arg, struct stauth_err *err)
{
	enum stauth_rc rc = ctl_yaml_next(yaml, err); /* of the stream */

	if (rc == STAUTH_OK) {
		rc = ctl_yaml_next(yaml, err);
	}
	if (rc == STAUTH_OK && yaml->event.type == YAML_DOCUMENT_START_EVENT) {
		rc = ctl_yaml_next(yaml, err);
	}
	if (rc != STAUTH_OK || yaml->event.type != YAML_MAPPING_START_EVENT) {
		return rc;
	}
	rc = ctl_yaml_each(yaml, pair, arg, err);
	for (int i = 0; rc == STAUTH_OK && i < 2; i++) {
		rc = ctl_yaml_next(yaml, err); /* ends of document and stream */
	}
	if (rc == STAUTH_OK && yaml->event.type != YAML_STREAM_END_EVENT) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"%zu: unexpected second document", ctl_yaml_line(yaml));
	}
	return rc;
}

bool ctl_yaml_is_null(const struct ctl_yaml *yaml)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	if (yaml->event.type != YAML_SCALAR_EVENT ||
		yaml->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
		return false;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp((const char *)yaml->event.data.scalar.value,
			    words[i]) == 0) {
			return true;
		}
	}
	return false;
}

enum stauth_rc ctl_yaml_open(
	struct ctl_yaml *yaml, int fd, struct stauth_err *err)
{
	*yaml = (struct ctl_yaml){.fd = fd};
	if (lseek(fd, 0, SEEK_SET) != 0) {
		return stauth_fail(
			err, STAUTH_EUNREACHABLE, "%s", strerror(errno));
	}
	if (!yaml_parser_initialize(&yaml->parser)) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	yaml_parser_set_input(&yaml->parser, read_bytes, yaml);
	return STAUTH_OK;
}

void ctl_yaml_close(struct ctl_yaml *yaml)
{
	drop_event(yaml);
	if (yaml->parser.raw_buffer.start != NULL) {
		stauth_wipe(yaml->parser.raw_buffer.start,
			(size_t)(yaml->parser.raw_buffer.end -
				 yaml->parser.raw_buffer.start));
	}
	if (yaml->parser.buffer.start != NULL) {
		stauth_wipe(yaml->parser.buffer.start,
			(size_t)(yaml->parser.buffer.end -
				 yaml->parser.buffer.start));
	}
	yaml_parser_delete(&yaml->parser);
}
