/* SPDX-License-Identifier: MIT */
/*
 * What every transfer over libcurl has in common.
 *
 * 1. The protocols MUST be pinned; no redirect, proxy, netrc or environment
 *    decides where a mail goes (attack row H7).
 * 2. Certificates MUST be verified, TLS be 1.2 or newer.
 * 3. Handle and connection MUST be fresh and used once: libcurl sends a
 *    request again by itself when a kept connection dies, and forgets that
 *    TLS was asked for.
 * 4. It MUST end within 30 s, a hanging DNS server or farewell included.
 */
#include "mail/transfer.h"

#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/clock.h"

#include "base/banned.h"

#define FAREWELL_MS 2000

static bool loopback_name(const char *host)
{
	size_t len = strlen(host);

	if (len > 10 && strcasecmp(host + len - 10, ".localhost") == 0) {
		return true;
	}
	return strcasecmp(host, "localhost") == 0 ||
	       strcmp(host, "[::1]") == 0 ||
	       (strncmp(host, "127.", 4) == 0 &&
		       host[strspn(host, "0123456789.")] == '\0');
}

/* Is there such a part in the URL? */
static bool has_part(CURLU *url, CURLUPart what)
{
	char *part = NULL;
	bool has = curl_url_get(url, what, &part, 0) == CURLUE_OK && part[0];

	curl_free(part);
	return has;
}

static bool read_endpoint(CURLU *url, const struct stauth_endpoint_rules *rules,
	struct stauth_endpoint *endpoint)
{
	char *scheme = NULL;
	char *host = NULL;
	char *path = NULL;
	bool ok =
		curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		curl_url_get(url, CURLUPART_PATH, &path, 0) == CURLUE_OK;

	if (ok) {
		endpoint->tls = strcmp(scheme, rules->secure) == 0;
		endpoint->loopback = loopback_name(host);
		endpoint->has_path = path[0] != '\0' && strcmp(path, "/") != 0;
		ok = endpoint->tls || strcmp(scheme, rules->plain) == 0;
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(path);
	return ok;
}

enum stauth_rc stauth_endpoint_parse(const char *url,
	const struct stauth_endpoint_rules *rules,
	struct stauth_endpoint *ret_endpoint, struct stauth_err *err)
{
	CURLU *parsed = curl_url();
	if (parsed == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	struct stauth_endpoint endpoint = {.tls = false};
	bool ok = strstr(url, "://") != NULL &&
		  curl_url_set(parsed, CURLUPART_URL, url,
			  CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
		  !has_part(parsed, CURLUPART_USER) &&
		  !has_part(parsed, CURLUPART_PASSWORD) &&
		  !has_part(parsed, CURLUPART_QUERY) &&
		  !has_part(parsed, CURLUPART_FRAGMENT) &&
		  read_endpoint(parsed, rules, &endpoint);
	curl_url_cleanup(parsed);
	if (!ok) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"%s must be %s://host or %s://host", rules->key,
			rules->secure, rules->plain);
	}
	*ret_endpoint = endpoint;
	return STAUTH_OK;
}

/* Is this the time to give up? libcurl's limit of connecting takes in the
 * server's greeting, which some delay on purpose; its total one does not hold
 * while it says QUIT. */
static int progress(void *user, curl_off_t down_total, curl_off_t down_now,
	curl_off_t up_total, curl_off_t up_now)
{
	struct stauth_transfer *transfer = user;
	int64_t now = stauth_boot_ms();

	(void)down_total;
	(void)down_now;
	(void)up_total;
	(void)up_now;
	curl_off_t connected = 0;
	curl_easy_getinfo(transfer->curl, CURLINFO_CONNECT_TIME_T, &connected);
	if (connected == 0 && now > transfer->connect_deadline_ms) {
		return 1;
	}
	if (transfer->done && transfer->deadline_ms > now + FAREWELL_MS) {
		transfer->deadline_ms = now + FAREWELL_MS;
	}
	return now > transfer->deadline_ms;
}

static CURLcode set_limits(CURL *curl)
{
	CURLcode bad = CURLE_OK;

	bad |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
		(long)STAUTH_TRANSFER_TOTAL_MS);
	bad |= curl_easy_setopt(
		curl, CURLOPT_TIMEOUT_MS, (long)STAUTH_TRANSFER_TOTAL_MS);
	bad |= curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT,
		(long)(STAUTH_TRANSFER_TOTAL_MS / 1000));
	bad |= curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
	bad |= curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	bad |= curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
	return bad;
}

static CURLcode set_trust(CURL *curl, const char *protocols)
{
	CURLcode bad = CURLE_OK;

	bad |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
	bad |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(curl, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	bad |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	bad |= curl_easy_setopt(
		curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	return bad;
}

enum stauth_rc stauth_transfer_open(struct stauth_transfer *transfer,
	const char *url, const char *protocols, struct stauth_err *err)
{
	memset(transfer, 0, sizeof(*transfer));
	transfer->curl = curl_easy_init();
	if (transfer->curl == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	transfer->deadline_ms = stauth_boot_ms() + STAUTH_TRANSFER_TOTAL_MS;
	transfer->connect_deadline_ms =
		stauth_boot_ms() + STAUTH_TRANSFER_CONNECT_MS;
	CURLcode bad = CURLE_OK;
	bad |= set_limits(transfer->curl);
	bad |= set_trust(transfer->curl, protocols);
	bad |= curl_easy_setopt(transfer->curl, CURLOPT_URL, url);
	bad |= curl_easy_setopt(
		transfer->curl, CURLOPT_ERRORBUFFER, transfer->error);
	bad |= curl_easy_setopt(transfer->curl, CURLOPT_NOPROGRESS, 0L);
	bad |= curl_easy_setopt(
		transfer->curl, CURLOPT_XFERINFOFUNCTION, progress);
	bad |= curl_easy_setopt(transfer->curl, CURLOPT_XFERINFODATA, transfer);
	if (bad != CURLE_OK) {
		stauth_transfer_close(transfer);
		return stauth_fail(
			err, STAUTH_ECONFIG, "libcurl does not take an option");
	}
	return STAUTH_OK;
}

void stauth_transfer_close(struct stauth_transfer *transfer)
{
	curl_easy_cleanup(transfer->curl);
	transfer->curl = NULL;
}

#define PIN_DIGITS 6
#define TOKEN_MIN  20
#define TOKEN      STAUTH_ALNUM "-_+/="

/* Length of what must not be shown here, or 0. */
static size_t hidden(const char *at)
{
	size_t digits = strspn(at, STAUTH_DIGITS);
	size_t token = strspn(at, TOKEN);

	if (token >= TOKEN_MIN) {
		return token;
	}
	return digits >= PIN_DIGITS ? digits : 0;
}

void stauth_reply_excerpt(char out[STAUTH_REPLY_EXCERPT_SIZE],
	const char *reply, const char *secret)
{
	out[0] = '\0';
	if (secret != NULL && secret[0] && strstr(reply, secret) != NULL) {
		return;
	}
	size_t used = 0;
	while (*reply && used + 4 < STAUTH_REPLY_EXCERPT_SIZE) {
		size_t n = hidden(reply);

		if (n > 0) {
			memcpy(out + used, "***", 3);
			used += 3;
			reply += n;
		} else {
			out[used++] = *reply;
			if (*reply < 0x20 || *reply >= 0x7f) {
				out[used - 1] = ' ';
			}
			reply++;
		}
	}
	while (used > 0 && out[used - 1] == ' ') {
		used--;
	}
	out[used] = '\0';
}

enum stauth_rc stauth_transfer_fault(const struct stauth_transfer *transfer,
	CURLcode code, const char *who, struct stauth_err *err)
{
	enum stauth_rc rc = STAUTH_EUNREACHABLE;

	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_USE_SSL_FAILED:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_NOT_BUILT_IN:
		rc = STAUTH_ECONFIG;
		break;
	default:
		break;
	}
	const char *reason =
		transfer->error[0] ? transfer->error : curl_easy_strerror(code);
	if (code == CURLE_ABORTED_BY_CALLBACK) {
		reason = "timed out"; /* progress() */
	}
	char why[STAUTH_REPLY_EXCERPT_SIZE];
	stauth_reply_excerpt(why, reason, NULL);
	return stauth_fail(err, rc, "%s: %s", who, why);
}
