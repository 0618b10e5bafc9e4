/* SPDX-License-Identifier: MIT */
#include "response.h"

#include <string.h>

#include "base/secret.h"
#include "fcgi_io.h"

#include "base/banned.h"

#define HEADERS_MAX 16384
#define BODY_MAX    (512 * 1024)

struct reason {
	int status;
	const char *text;
};

static const struct reason reasons[] = {
	{200, "OK"},
	{303, "See Other"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{411, "Length Required"},
	{413, "Content Too Large"},
	{415, "Unsupported Media Type"},
	{421, "Misdirected Request"},
	{422, "Unprocessable Content"},
	{429, "Too Many Requests"},
	{500, "Internal Server Error"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
};

static const char policy[] =
	"Content-Security-Policy: default-src 'none'; style-src 'self'; "
	"script-src 'self'; img-src 'self' data:; form-action 'self'; "
	"base-uri 'none'; frame-ancestors 'none'\r\n";

/* A worker has a policy of its own, and needs nothing but the network. */
static const char worker_policy[] =
	"Content-Security-Policy: default-src 'none'; connect-src 'self'\r\n";

/* On every answer, whatever it is. publickey-credentials is left alone: a
 * later log-in by passkey needs it. */
static const char fixed_headers[] =
	"X-Content-Type-Options: nosniff\r\n"
	"Referrer-Policy: same-origin\r\n"
	"Cross-Origin-Opener-Policy: same-origin\r\n"
	"Cross-Origin-Resource-Policy: same-origin\r\n"
	"Permissions-Policy: accelerometer=(), camera=(), "
	"display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
	"microphone=(), midi=(), payment=(), screen-wake-lock=(), usb=()\r\n";

static const char page_headers[] =
	"Cache-Control: no-store\r\n"
	"Vary: Cookie, Sec-Fetch-Site, Origin, Accept\r\n";

static const char keep_headers[] =
	"Cache-Control: public, max-age=31536000, immutable\r\n";

void gate_response_init(struct gate_response *response)
{
	*response = (struct gate_response){.status = 500};
	stauth_buf_init(&response->headers, HEADERS_MAX);
	stauth_buf_init(&response->body, BODY_MAX);
}

void gate_response_finish(struct gate_response *response)
{
	if (response->headers.data != NULL) {
		stauth_wipe(response->headers.data, response->headers.cap);
	}
	/* A page may show a link or a password. */
	if (response->body.data != NULL) {
		stauth_wipe(response->body.data, response->body.cap);
	}
	stauth_buf_finish(&response->headers);
	stauth_buf_finish(&response->body);
	if (response->more_done != NULL) {
		response->more_done(response->more_user);
	}
}

void gate_response_reset(struct gate_response *response)
{
	gate_response_finish(response);
	gate_response_init(response);
}

static bool has_control(const char *str)
{
	for (; *str != '\0'; str++) {
		if ((unsigned char)*str < ' ' || *str == 0x7f) {
			return true;
		}
	}
	return false;
}

void gate_response_header(
	struct gate_response *response, const char *name, const char *value)
{
	if (has_control(name) || has_control(value)) {
		response->headers.failed = true;
		return;
	}
	stauth_buf_addf(&response->headers, "%s: ", name);
	stauth_buf_add(&response->headers, value);
	stauth_buf_add(&response->headers, "\r\n");
}

bool gate_response_ok(const struct gate_response *response)
{
	return stauth_buf_ok(&response->headers) &&
	       stauth_buf_ok(&response->body);
}

static const char *reason_of(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status) {
			return reasons[i].text;
		}
	}
	return "Unknown";
}

/* Needs no memory, so that it works when nothing else does. */
static void send_bare_failure(struct gate_io *io)
{
	static const char head[] = "Status: 500 Internal Server Error\r\n"
				   "Content-Length: 0\r\n";
	gate_io_write(io, head, sizeof(head) - 1);
	gate_io_write(io, policy, sizeof(policy) - 1);
	gate_io_write(io, fixed_headers, sizeof(fixed_headers) - 1);
	gate_io_write(io, page_headers, sizeof(page_headers) - 1);
	gate_io_write(io, "\r\n", 2);
}

static void send_body(const struct gate_response *response, struct gate_io *io)
{
	if (response->body.len > 0 &&
		!gate_io_write(io, response->body.data, response->body.len)) {
		return;
	}
	struct stauth_buf part;
	stauth_buf_init(&part, BODY_MAX);
	bool more = response->more != NULL;
	while (more) {
		stauth_buf_reset(&part);
		more = response->more(response->more_user, &part) &&
		       stauth_buf_ok(&part);
		if (part.len > 0 && !gate_io_write(io, part.data, part.len)) {
			break;
		}
	}
	stauth_buf_finish(&part);
}

void gate_response_send(const struct gate_response *response,
	struct gate_io *io, bool without_body)
{
	struct stauth_buf head;
	stauth_buf_init(&head, 2 * HEADERS_MAX);
	stauth_buf_addf(&head, "Status: %d %s\r\n", response->status,
		reason_of(response->status));
	if (response->content_type != NULL) {
		stauth_buf_addf(
			&head, "Content-Type: %s\r\n", response->content_type);
	}
	if (response->more == NULL) {
		stauth_buf_addf(
			&head, "Content-Length: %zu\r\n", response->body.len);
	}
	stauth_buf_add(&head, response->may_connect ? worker_policy : policy);
	stauth_buf_add(&head, fixed_headers);
	stauth_buf_add(&head, response->keep ? keep_headers : page_headers);
	stauth_buf_add(&head, stauth_buf_str(&response->headers));
	stauth_buf_add(&head, "\r\n");
	if (!gate_response_ok(response) || !stauth_buf_ok(&head)) {
		send_bare_failure(io);
	} else if (gate_io_write(io, head.data, head.len) && !without_body) {
		send_body(response, io);
	}
	if (head.data != NULL) {
		stauth_wipe(head.data, head.cap);
	}
	stauth_buf_finish(&head);
}
