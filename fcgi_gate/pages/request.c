/* SPDX-License-Identifier: MIT */
/*
 * What a client may send, and how much of it.
 *
 * 1. Every parameter MUST be there at most once (400) and has a largest size
 *    (400).
 * 2. A body is read for POST only. It MUST say its length (411), in digits
 *    (400), at most 64 KiB (413, before a byte is read), and be exactly that
 *    long (400).
 * 3. It MUST be application/x-www-form-urlencoded (415), and parse (400).
 * 4. It MUST hold no field but the expected ones, and none twice (400).
 * 5. A control character is refused (400) but for: rd, which never is an
 *    error; passwords, which say so at their field; a tab in what is typed.
 */
#include "request.h"

#include <string.h>
#include <strings.h>

#include "base/codec.h"
#include "base/secret.h"
#include "fcgi_io.h"

#include "base/banned.h"

#define DRAIN_MAX ((size_t)2 * 1024 * 1024)

struct param {
	const char *name;
	size_t offset;
	size_t max;
};

#define PARAM(name, field, max)                                                \
	{                                                                      \
		name, offsetof(struct gate_request, field), max                \
	}

static const struct param params[] = {
	PARAM("REQUEST_METHOD", method_name, 32),
	PARAM("HTTPS", https_param, 16),
	PARAM("SCRIPT_NAME", path, 8192),
	PARAM("QUERY_STRING", query, 8192),
	PARAM("CONTENT_TYPE", content_type, 256),
	PARAM("CONTENT_LENGTH", content_length, 32),
	PARAM("REMOTE_ADDR", address, 64),
	PARAM("HTTP_HOST", host, 512),
	PARAM("HTTP_COOKIE", cookie, 32768),
	PARAM("HTTP_ORIGIN", origin, 1024),
	PARAM("HTTP_REFERER", referer, 16384),
	PARAM("HTTP_ACCEPT", accept, 2048),
	PARAM("HTTP_USER_AGENT", agent, 8192),
	PARAM("HTTP_SEC_FETCH_SITE", fetch_site, 64),
	PARAM("HTTP_SEC_FETCH_MODE", fetch_mode, 64),
	PARAM("HTTP_SEC_FETCH_DEST", fetch_dest, 64),
	PARAM("HTTP_SEC_PURPOSE", purpose[0], 256),
	PARAM("HTTP_PURPOSE", purpose[1], 256),
	PARAM("HTTP_X_PURPOSE", purpose[2], 256),
	PARAM("HTTP_X_MOZ", purpose[3], 256),
	PARAM("HTTP_X_AUTH_ASSERTION", assertion, 16384),
	PARAM("STAUTH_REQUIRE", require, 256),
};

#define PARAM_COUNT (sizeof(params) / sizeof(params[0]))

static void set_param(struct gate_request *request, const struct param *param,
	const char *str)
{
	memcpy((char *)request + param->offset, &str, sizeof(str));
}

static enum gate_method method_of(const char *name)
{
	if (strcmp(name, "GET") == 0) {
		return GATE_METHOD_GET;
	}
	if (strcmp(name, "HEAD") == 0) {
		return GATE_METHOD_HEAD;
	}
	return strcmp(name, "POST") == 0 ? GATE_METHOD_POST : GATE_METHOD_OTHER;
}

int gate_request_read(struct gate_request *request, const struct gate_io *io)
{
	request->form.count = 0;
	int status = 0;
	for (size_t i = 0; i < PARAM_COUNT; i++) {
		const char *value = gate_io_param(io, params[i].name, 0);
		if (value != NULL &&
			(gate_io_param(io, params[i].name, 1) != NULL ||
				strlen(value) > params[i].max)) {
			status = 400;
			value = NULL;
		}
		set_param(request, &params[i], value != NULL ? value : "");
	}
	request->method = method_of(request->method_name);
	request->https = strcmp(request->https_param, "on") == 0;
	return status;
}

static bool is_form(const char *content_type)
{
	static const char wanted[] = "application/x-www-form-urlencoded";
	const size_t len = sizeof(wanted) - 1;
	if (strncasecmp(content_type, wanted, len) != 0) {
		return false;
	}
	content_type += len;
	content_type += strspn(content_type, " \t");
	return *content_type == '\0' || *content_type == ';';
}

/* 0 and the length, or a status. */
static int announced_length(const char *text, size_t *ret_len)
{
	if (text[0] == '\0') {
		return 411;
	}
	if (strspn(text, "0123456789") != strlen(text)) {
		return 400;
	}
	int64_t len = 0;
	if (!stauth_parse_int(text, 0, (int64_t)GATE_BODY_MAX, &len)) {
		return 413;
	}
	*ret_len = (size_t)len;
	return 0;
}

static size_t read_all(struct gate_io *io, char *data, size_t size)
{
	size_t len = 0;
	while (len < size) {
		size_t got = gate_io_read(io, data + len, size - len);
		if (got == 0) {
			break;
		}
		len += got;
	}
	return len;
}

uint32_t gate_first_char(const char *text, size_t *ret_len)
{
	const unsigned char *in = (const unsigned char *)text;
	*ret_len = in[0] < 0x80 ? 1 : in[0] < 0xe0 ? 2 : in[0] < 0xf0 ? 3 : 4;
	uint32_t c = *ret_len == 1 ? in[0] : in[0] & (0xffU >> (*ret_len + 1));
	for (size_t i = 1; i < *ret_len; i++) {
		c = c << 6 | (in[i] & 0x3f);
	}
	return c;
}

bool gate_is_blank(uint32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 ||
	       c == 0x1680 || (c >= 0x2000 && c <= 0x200b) || c == 0x200e ||
	       c == 0x200f || c == 0x2028 || c == 0x2029 || c == 0x202f ||
	       c == 0x205f || c == 0x2060 || c == 0x3000 || c == 0xfeff;
}

static bool one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0) {
			return true;
		}
	}
	return false;
}

/* Cuts the blanks around a field, in place: it points into the body. */
static void trim(struct gate_request *request, struct gate_field *field)
{
	char *text = request->body + (field->value - request->body);
	size_t len = 0;
	while (gate_is_blank(gate_first_char(text, &len))) {
		text += len;
	}
	/* Where the last character that is no blank ends. */
	size_t end = 0;
	for (size_t at = 0; text[at] != '\0'; at += len) {
		if (!gate_is_blank(gate_first_char(text + at, &len))) {
			end = at + len;
		}
	}
	text[end] = '\0';
	field->value = text;
	field->len = end;
}

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		if (((unsigned char)*text < ' ' && *text != '\t') ||
			*text == 0x7f) {
			return true;
		}
	}
	return false;
}

static bool take_fields(struct gate_request *request)
{
	struct gate_form *form = &request->form;
	static const char *const typed[] = {"username", "email", "pin", "name",
		"display_name", "groups", "group", "again"};
	static const char *const exact[] = {
		"rd", "password", "current", "confirm"};
	for (size_t i = 0; i < form->count; i++) {
		struct gate_field *field = &form->fields[i];
		if (one_of(field->name, typed,
			    sizeof(typed) / sizeof(typed[0]))) {
			trim(request, field);
		}
		if (!one_of(field->name, exact,
			    sizeof(exact) / sizeof(exact[0])) &&
			has_control(field->value)) {
			return false;
		}
	}
	return true;
}

int gate_request_body(
	struct gate_request *request, struct gate_io *io, const char *fields)
{
	if (!is_form(request->content_type)) {
		return 415;
	}
	size_t len = 0;
	int status = announced_length(request->content_length, &len);
	if (status != 0) {
		return status;
	}
	char more = 0;
	if (read_all(io, request->body, len) != len ||
		gate_io_read(io, &more, 1) != 0) {
		return 400;
	}
	return gate_form_parse(request->body, len, &request->form) &&
			       gate_form_allowed(&request->form, fields) &&
			       take_fields(request)
		       ? 0
		       : 400;
}

static bool is_dash(uint32_t c)
{
	return c == '-' || c == 0xad || (c >= 0x2010 && c <= 0x2015) ||
	       c == 0x2212 || c == 0xfe58 || c == 0xfe63 || c == 0xff0d;
}

void gate_read_pin(const char *typed, char ret_pin[GATE_PIN_SIZE])
{
	size_t len = 0;
	size_t step = 0;
	for (; *typed != '\0' && len < GATE_PIN_SIZE - 1; typed += step) {
		uint32_t c = gate_first_char(typed, &step);
		if (c >= 0xff10 && c <= 0xff19) {
			c -= 0xff10 - '0';
		}
		if (!gate_is_blank(c) && !is_dash(c)) {
			ret_pin[len++] = c < 0x80 ? (char)c : '?';
		}
	}
	ret_pin[len] = '\0';
}

void gate_request_drain(struct gate_io *io)
{
	char waste[4096];
	size_t total = 0;
	size_t got = 0;
	do {
		got = gate_io_read(io, waste, sizeof(waste));
		total += got;
	} while (got > 0 && total < DRAIN_MAX);
	stauth_wipe_array(waste);
}

void gate_request_wipe(struct gate_request *request)
{
	stauth_wipe(request, sizeof(*request));
}

/* Is type one of the comma list, and not with a weight of nothing? */
static bool accepts(const char *accept, const char *type)
{
	size_t type_len = strlen(type);
	while (*accept != '\0') {
		accept += strspn(accept, " \t,");
		size_t len = strcspn(accept, ",");
		size_t name = strcspn(accept, " \t;,");
		if (name == type_len &&
			strncasecmp(accept, type, type_len) == 0) {
			return true;
		}
		accept += len;
	}
	return false;
}

bool gate_request_wants_json(const struct gate_request *request)
{
	return accepts(request->accept, "application/json") &&
	       !accepts(request->accept, "text/html");
}

bool gate_request_prefetch(const struct gate_request *request)
{
	for (size_t i = 0; i < GATE_PURPOSES; i++) {
		if (request->purpose[i][0] != '\0') {
			return true;
		}
	}
	return false;
}
