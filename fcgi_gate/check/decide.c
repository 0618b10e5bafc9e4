/* SPDX-License-Identifier: MIT */
/*
 * The decision of a check, in the order of these rules.
 *
 *  1. Whatever is not said below MUST be a no: 401, without asking the store.
 *  2. A parameter that comes twice MUST be a no: nginx sends each once, and
 *     which of two it meant cannot be known.
 *  3. A WebSocket from a foreign Origin, or from none, MUST be 403, with a
 *     session or without.
 *  4. Without exactly one well-formed session cookie the answer MUST be a no.
 *  5. The session's verdict is the store's. A store that could not answer
 *     MUST be a fault: neither a yes, nor a no that sends people to the
 *     log-in page.
 *  6. STAUTH_REQUIRE, which nginx fixes for a location, MUST hold for the
 *     session: else 403.
 *  7. Method, path, and every other header MUST NOT turn a no into a yes.
 */
#include "check/decide.h"

#include "http/origin.h"

#include "base/banned.h"

enum gate_before gate_decide_before(const struct stauth_config *config,
	const struct gate_check_params *params, const char **ret_token)
{
	if (params->repeated) {
		return GATE_BEFORE_DENY;
	}
	if (gate_upgrade_is_websocket(params->upgrade) &&
		!gate_origin_is_ours(config, params->origin, params->host)) {
		return GATE_BEFORE_FORBIDDEN;
	}
	const char *token = gate_cookie_token(&params->cookie);
	if (token == NULL) {
		return GATE_BEFORE_DENY;
	}
	*ret_token = token;
	return GATE_BEFORE_ASK;
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
