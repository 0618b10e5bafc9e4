/* SPDX-License-Identifier: MIT */
/*
 * 1. A request MUST go out at most once (transfer.c, rule 3).
 * 2. The status decides as soon as it is there; a body that is cut, dripped
 *    or too long changes nothing about what the server did.
 * 3. A wait that the server names MUST be within an hour.
 */
#include "mail/http.h"

#include <string.h>
#include <time.h>

#include "base/codec.h"
#include "mail/transfer.h"

#include "base/banned.h"

#define WAIT_MAX_S 3600

static size_t receive(char *data, size_t size, size_t count, void *user)
{
	struct stauth_buf *body = user;

	stauth_buf_add_len(body, data, size * count);
	return stauth_buf_ok(body) ? size * count : 0;
}

static const char *header(CURL *curl, const char *name)
{
	struct curl_header *found = NULL;

	if (curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &found) !=
		CURLHE_OK) {
		return NULL;
	}
	return found->value;
}

static int64_t within_an_hour(int64_t wait_s)
{
	if (wait_s < 0) {
		return 0;
	}
	return wait_s < WAIT_MAX_S ? wait_s : WAIT_MAX_S;
}

/* Retry-After in seconds or as a date, else X-RateLimit-Reset; both dates by
 * the server's own clock, because ours may be wrong. */
static int64_t wait_of(CURL *curl)
{
	const char *date = header(curl, "Date");
	const char *after = header(curl, "Retry-After");
	const char *reset = header(curl, "X-RateLimit-Reset");
	time_t now = date != NULL ? curl_getdate(date, NULL) : -1;

	if (now == -1) {
		now = time(NULL);
	}
	int64_t at;
	if (after != NULL && stauth_parse_int(after, 0, INT64_MAX, &at)) {
		return within_an_hour(at);
	}
	if (after != NULL && curl_getdate(after, NULL) != -1) {
		return within_an_hour(curl_getdate(after, NULL) - now);
	}
	if (reset != NULL && stauth_parse_int(reset, 0, INT64_MAX, &at)) {
		return within_an_hour(at - now);
	}
	return 0;
}

static CURLcode set_post(CURL *curl, const char *bearer, const char *json,
	struct curl_slist *headers, struct stauth_buf *body)
{
	CURLcode bad = CURLE_OK;

	bad |= curl_easy_setopt(
		curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
	bad |= curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, bearer);
	bad |= curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	bad |= curl_easy_setopt(
		curl, CURLOPT_USERAGENT, "stauth/" STAUTH_VERSION);
	bad |= curl_easy_setopt(
		curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(json));
	bad |= curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json);
	bad |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
	bad |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	return bad;
}

/* There was no status. Could the whole request have arrived? */
static enum stauth_rc no_answer(const struct stauth_transfer *transfer,
	CURLcode code, size_t len, struct stauth_err *err)
{
	curl_off_t sent = 0;

	(void)curl_easy_getinfo(transfer->curl, CURLINFO_SIZE_UPLOAD_T, &sent);
	if (sent >= (curl_off_t)len) {
		return stauth_fail(err, STAUTH_EUNKNOWN,
			"no answer to what was sent: %s",
			curl_easy_strerror(code));
	}
	return stauth_transfer_fault(transfer, code, "HTTP", err);
}

static enum stauth_rc perform(struct stauth_transfer *transfer, size_t len,
	struct stauth_http_reply *reply, struct stauth_err *err)
{
	CURLcode code = curl_easy_perform(transfer->curl);
	long status = 0;

	(void)curl_easy_getinfo(
		transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200) {
		return no_answer(transfer, code, len, err);
	}
	reply->status = (int)status;
	reply->retry_after_s = wait_of(transfer->curl);
	if (code != CURLE_OK) {
		stauth_buf_reset(&reply->body);
	}
	return STAUTH_OK;
}

static struct curl_slist *json_headers(void)
{
	struct curl_slist *first =
		curl_slist_append(NULL, "Content-Type: application/json");
	struct curl_slist *both =
		first != NULL
			? curl_slist_append(first, "Accept: application/json")
			: NULL;

	if (both == NULL) {
		curl_slist_free_all(first);
	}
	return both;
}

enum stauth_rc stauth_http_post(const char *url, const char *bearer,
	const char *json, struct stauth_http_reply *ret_reply,
	struct stauth_err *err)
{
	struct curl_slist *headers = json_headers();
	if (headers == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	struct stauth_http_reply reply = {0};
	stauth_buf_init(&reply.body, STAUTH_HTTP_REPLY_MAX);
	struct stauth_transfer transfer;
	enum stauth_rc rc = stauth_transfer_open(&transfer, url,
		strncmp(url, "https:", 6) == 0 ? "https" : "http,https", err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	if (set_post(transfer.curl, bearer, json, headers, &reply.body) ==
		CURLE_OK) {
		rc = perform(&transfer, strlen(json), &reply, err);
	} else {
		rc = stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	stauth_transfer_close(&transfer);
out:
	curl_slist_free_all(headers);
	if (rc == STAUTH_OK) {
		*ret_reply = reply;
	} else {
		stauth_http_reply_finish(&reply);
	}
	return rc;
}

void stauth_http_reply_finish(struct stauth_http_reply *reply)
{
	stauth_buf_finish(&reply->body);
}
