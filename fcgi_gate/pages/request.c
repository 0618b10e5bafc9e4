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
	PARAM("HTTP_SEC_PURPOSE", purpose, 256),
	PARAM("HTTP_X_AUTH_ASSERTION", assertion, 16384),
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

int gate_request_body(struct gate_request *request, struct gate_io *io)
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
	return gate_form_parse(request->body, len, &request->form) ? 0 : 400;
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
