/* SPDX-License-Identifier: MIT */
/* The readers of other programs' files, with whole, cut and spoiled ones. */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "import_sources.h"

#include "base/banned.h"

#define TODAY 20000 /* days since 1970 */

typedef enum stauth_rc read_fn(
	void *self, stauth_import_fn *take, void *arg, struct stauth_err *err);

/* What a reading handed out, one entry after the other. */
struct seen {
	size_t count;
	size_t refused;
	char text[8192];
	size_t len;
};

static void add(struct seen *seen, const char *text)
{
	int n = snprintf(seen->text + seen->len, sizeof(seen->text) - seen->len,
		"%s|", text ? text : "-");

	seen->len += (size_t)n;
	if (seen->len >= sizeof(seen->text)) {
		seen->len = sizeof(seen->text) - 1;
	}
}

/* Every field is looked at in its whole length: sanitizers see to it. */
static enum stauth_rc take(const struct stauth_import_record *record, void *arg,
	struct stauth_err *err)
{
	struct seen *seen = arg;
	char flags[32];

	(void)err;
	assert_true(record->line > 0);
	assert_true(record->name || record->refused);
	if (record->name) {
		assert_int_equal(record->name[record->name_len], '\0');
	}
	(void)snprintf(flags, sizeof(flags), "%zu%s%s%s%s", record->line,
		record->su ? "s" : "", record->disabled ? "d" : "",
		record->system_login ? "h" : "",
		record->must_change ? "m" : "");
	add(seen, flags);
	add(seen, record->name);
	add(seen, record->email);
	add(seen, record->display_name);
	add(seen, record->groups);
	add(seen, record->hash);
	add(seen, record->password ? record->password->data : NULL);
	for (size_t i = 0; record->notes[i]; i++) {
		assert_true(i < STAUTH_IMPORT_NOTES);
		assert_true(strlen(record->notes[i]) > 0);
	}
	seen->refused += record->refused != NULL;
	seen->count++;
	return STAUTH_OK;
}

static int file_of(const char *data, size_t len)
{
	int fd = memfd_create("import", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	return fd;
}

/* Reads twice, as an import does: it is the same both times. */
static enum stauth_rc read_twice(read_fn *read, const char *data, size_t len,
	struct seen *seen, struct stauth_err *err)
{
	struct ctl_import_file file = {
		.fd = file_of(data, len), .now_s = (int64_t)TODAY * 86400 + 99};
	struct seen second = {.count = 0};
	enum stauth_rc rc;

	*seen = second;
	err->msg[0] = '\0';
	rc = read(&file, take, seen, err);
	if (rc == STAUTH_OK) {
		assert_int_equal(read(&file, take, &second, err), STAUTH_OK);
		assert_string_equal(second.text, seen->text);
	} else {
		assert_int_equal(rc, STAUTH_BADVALUE);
		assert_true(strlen(err->msg) > 0);
	}
	assert_int_equal(close(file.fd), 0);
	return rc;
}

/* --- whole files: what comes of them, and where they may be cut */

static const struct whole {
	const char *name;
	read_fn *read;
	const char *data;
	const char *want;
} wholes[] = {
	{"htpasswd", ctl_htpasswd_read,
		"# c\r\n\n al:$2y$1:x\r\nbob:{SHA}x \n\t#x\nnone\n:e",
		"3| al|-|-|-|$2y$1|-|4|bob|-|-|-|{SHA}x|-|6|-|-|-|-|-|-|"
		"7||-|-|-|e|-|"},
	{"shadow", ctl_shadow_read,
		"al:$6$x:0:0:1:7:::\nbo:!$6$x:1::::::\n\nca:$y$x:1:0:9:7:3:"
		"20000:\nda:$y$x:1:0:9:7:3:20001:\nx\ne:*\nroot:$6$x",
		"1m|al|-|-|-|$6$x|-|2|bo|-|-|-|!$6$x|-|4d|ca|-|-|-|$y$x|-|"
		"5|da|-|-|-|$y$x|-|6|-|-|-|-|-|-|7|e|-|-|-|*|-|"
		"8|root|-|-|-|$6$x|-|"},
	{"json lines", ctl_json_read,
		"{\"name\":\"al\",\"email\":\"\",\"display_name\":\"\\u00c4\","
		"\"su\":true,\"groups\":[\"b\",\"a\"],\"disabled\":true,"
		"\"system_login\":true,\"must_change\":true,"
		"\"created_at\":1,\"last_login_at\":null,\"password\":"
		"\"$6$x\"}\n\n{\"name\":\"bo\",\"password\":\"\"}\r\nx",
		"1sdhm|al||\xc3\x84|b,a|$6$x|-|3|bo|-|-|-|-|-|4|-|-|-|-|-|-|"},
	{"json array", ctl_json_read,
		"\n[{\"name\":\"al\",\"email\":\"]}\\\"{\"},\n\n {\n\"name\":"
		"\"bo\"},[]]",
		NULL},
	{"json array, whole", ctl_json_read,
		"\n[{\"name\":\"al\",\"email\":\"]}\\\"{\"},\n\n {\n\"name\":"
		"\"bo\"}]\n",
		"2|al|]}\"{|-|-|-|-|4|bo|-|-|-|-|-|"},
	{"yaml", ctl_authenticator_read,
		"cookie: {name: n}\ncredentials:\n  usernames:\n    al:\n"
		"      email: e\n      first_name: A\n      last_name: L\n"
		"      password: $2b$12$x\n      roles: [a, 'b c', admin]\n"
		"      logged_in: [{x: y}]\n    bo: {name: B, password: 'p "
		"w'}\n"
		"    ca: ~\n    \"d\": {password: ~, email: 1}\n",
		"4|al|e|A L|a,admin|$2b$12$x|-|11|bo|-|B||-|p w|12|ca|-|||-|-|"
		"13|d|1|||-|-|"},
};

#define WHOLES (sizeof(wholes) / sizeof(*wholes))

static void every_format_becomes_entries(void **state)
{
	struct seen seen;
	struct stauth_err err;

	(void)state;
	for (size_t i = 0; i < WHOLES; i++) {
		const struct whole *whole = &wholes[i];

		print_message("%s\n", whole->name);
		if (!whole->want) {
			assert_rc(read_twice(whole->read, whole->data,
					  strlen(whole->data), &seen, &err),
				STAUTH_BADVALUE);
			continue;
		}
		assert_ok(read_twice(whole->read, whole->data,
			strlen(whole->data), &seen, &err));
		assert_string_equal(seen.text, whole->want);
	}
}

static void k2_a_file_cut_anywhere_is_read_or_refused(void **state)
{
	struct seen seen;
	struct stauth_err err;

	(void)state;
	for (size_t i = 0; i < WHOLES; i++) {
		for (size_t len = 0; len < strlen(wholes[i].data); len++) {
			(void)read_twice(wholes[i].read, wholes[i].data, len,
				&seen, &err);
		}
	}
}

static void k2_a_file_spoiled_anywhere_is_read_or_refused(void **state)
{
	static const char bytes[] = {'\0', '\n', '\r', '"', '\\', '{', '}', '[',
		']', ':', ',', '#', '&', '*', '!', '\'', ' ', '\t', '|', '-',
		'\x80', '\xff'};
	struct seen seen;
	struct stauth_err err;
	char data[1024];

	(void)state;
	for (size_t i = 0; i < WHOLES; i++) {
		size_t len = strlen(wholes[i].data);

		assert_true(len < sizeof(data));
		for (size_t at = 0; at < len; at++) {
			for (size_t b = 0; b < sizeof(bytes); b++) {
				memcpy(data, wholes[i].data, len);
				data[at] = bytes[b];
				(void)read_twice(
					wholes[i].read, data, len, &seen, &err);
			}
		}
	}
}

/* --- bounds */

static enum stauth_rc filled(read_fn *read, const char *before, char fill,
	size_t count, const char *after, struct seen *seen,
	struct stauth_err *err)
{
	size_t before_len = strlen(before);
	size_t len = before_len + count + strlen(after);
	char *data = malloc(len + 1);
	enum stauth_rc rc;

	assert_non_null(data);
	memcpy(data, before, before_len);
	memset(data + before_len, fill, count);
	memcpy(data + before_len + count, after, strlen(after) + 1);
	rc = read_twice(read, data, len, seen, err);
	free(data);
	return rc;
}

static void lines_are_bounded(void **state)
{
	struct seen seen;
	struct stauth_err err;

	(void)state;
	assert_ok(filled(ctl_htpasswd_read, "a:", 'x', CTL_LINE_MAX - 2,
		"\r\nb:x", &seen, &err));
	assert_int_equal(seen.count, 2);
	assert_ok(filled(ctl_htpasswd_read, "a:", 'x', CTL_LINE_MAX - 2, "",
		&seen, &err));
	assert_rc(filled(ctl_htpasswd_read, "a:", 'x', CTL_LINE_MAX - 1,
			  "\nb:x", &seen, &err),
		STAUTH_BADVALUE);
	assert_non_null(strstr(err.msg, "1: "));
	assert_rc(
		filled(ctl_shadow_read, "b:x\n", 'x', 4 << 20, "", &seen, &err),
		STAUTH_BADVALUE);
	assert_non_null(strstr(err.msg, "2: "));
}

static void entries_and_depth_are_bounded(void **state)
{
	struct seen seen;
	struct stauth_err err;

	(void)state;
	assert_ok(filled(
		ctl_json_read, "[{", ' ', CTL_LINE_MAX - 2, "}]", &seen, &err));
	assert_rc(filled(ctl_json_read, "[{", ' ', CTL_LINE_MAX - 1, "}]",
			  &seen, &err),
		STAUTH_BADVALUE);
	assert_ok(filled(
		ctl_json_read, "{\"name\":", '[', 60000, "", &seen, &err));
	assert_int_equal(seen.refused, 1);
	assert_rc(filled(ctl_json_read, "", '[', 1 << 20, "", &seen, &err),
		STAUTH_BADVALUE);
	assert_rc(filled(ctl_authenticator_read, "a: ", '[', 1 << 20, "", &seen,
			  &err),
		STAUTH_BADVALUE);
	assert_non_null(strstr(err.msg, "deep"));
	assert_rc(filled(ctl_authenticator_read, "a: ", 'x', 17 << 20, "",
			  &seen, &err),
		STAUTH_BADVALUE);
	assert_non_null(strstr(err.msg, "larger than"));
}

static enum stauth_rc stops(const struct stauth_import_record *record,
	void *arg, struct stauth_err *err)
{
	(void)record;
	++*(int *)arg;
	return stauth_fail(err, STAUTH_EUNREACHABLE, "disk full");
}

static void a_fault_behind_it_stops_the_reading(void **state)
{
	struct stauth_err err;

	(void)state;
	for (size_t i = 0; i < WHOLES; i++) {
		struct ctl_import_file file = {
			.fd = file_of(wholes[i].data, strlen(wholes[i].data))};
		int calls = 0;

		assert_rc(wholes[i].read(&file, stops, &calls, &err),
			STAUTH_EUNREACHABLE);
		assert_int_equal(calls, 1);
		assert_string_equal(err.msg, "disk full");
		assert_int_equal(close(file.fd), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_becomes_entries),
		cmocka_unit_test(k2_a_file_cut_anywhere_is_read_or_refused),
		cmocka_unit_test(k2_a_file_spoiled_anywhere_is_read_or_refused),
		cmocka_unit_test(lines_are_bounded),
		cmocka_unit_test(entries_and_depth_are_bounded),
		cmocka_unit_test(a_fault_behind_it_stops_the_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
