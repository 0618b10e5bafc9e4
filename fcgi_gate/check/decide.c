/* SPDX-License-Identifier: MIT */
/*
 * The decision of a check, in the order of these rules.
 *
 *  1. Whatever is not said below MUST be denied: 401, without asking the
 *     store.
 *  2. A parameter that comes twice MUST be denied: nginx sends each once, and
 *     which of two it meant cannot be known. In an optional location that is
 *     403.
 *  3. A WebSocket from a foreign Origin, or from none, MUST be 403, with a
 *     session or without.
 *  4. Without exactly one well-formed session cookie it MUST be denied.
 *  5. The session's verdict is the store's. A store that could not answer
 *     MUST be a fault: neither allowed, nor a denial that sends people to the
 *     log-in page.
 *  6. STAUTH_REQUIRE, which nginx fixes for a location, MUST hold for the
 *     session: else 403.
 *  7. In an optional location a denied visitor comes in without identity
 *     (reply.c).
 *  8. Method, path, and every other header MUST NOT turn a denial into more.
 */
#include "check/decide.h"

#include <string.h>

#include "http/origin.h"

#include "base/banned.h"

bool gate_is_optional(const struct gate_check_params *params)
{
	return params->require != NULL &&
	       strcmp(params->require, STAUTH_REQUIRE_OPTIONAL) == 0;
}

const char *gate_decide_before(const struct stauth_config *config,
	const struct gate_check_params *params,
	enum stauth_verdict *ret_verdict)
{
	*ret_verdict = STAUTH_DENY;
	if (params->repeated) {
		*ret_verdict = gate_is_optional(params) ? STAUTH_FORBIDDEN
							: STAUTH_DENY;
		return NULL;
	}
	if (gate_upgrade_is_websocket(params->upgrade) &&
		!gate_origin_is_ours(config, params->origin, params->host)) {
		*ret_verdict = STAUTH_FORBIDDEN;
		return NULL;
	}
	return gate_cookie_token(&params->cookie);
}

enum stauth_verdict gate_decide_after(const struct gate_check_params *params,
	enum stauth_rc rc, const struct stauth_check_done *done)
{
	if (rc != STAUTH_OK) {
		return STAUTH_FAULT;
	}
	return stauth_check_judge(
		done, params->require == NULL ? "" : params->require);
}
