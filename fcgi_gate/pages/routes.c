/* SPDX-License-Identifier: MIT */
/* Every address of the pages: its methods, what a form may hold, and whom it
 * serves. In the order in which they are looked for. */
#include "route.h"

#include <string.h>

#include "show.h"

#include "base/banned.h"

static const struct gate_route routes[] = {
	{
		.path = "/auth/login",
		.get = gate_login_get,
		.post = gate_login_post,
		.again = gate_login_again,
		.fields = "username password remember rd csrf",
	},
	{
		.path = "/auth/logout",
		.get = gate_logout_get,
		.post = gate_logout_post,
		.again = gate_logout_again,
		.fields = "csrf",
	},
	{
		.path = "/auth/account",
		.get = gate_account_get,
		.session = GATE_SESSION_ANY,
	},
	{
		.path = "/auth/account/password",
		.post = gate_password_post,
		.again = gate_account_again,
		.fields = "username current password confirm rd csrf",
		.session = GATE_SESSION_ANY,
	},
	{
		.path = "/auth/account/name",
		.post = gate_name_post,
		.again = gate_repeat,
		.fields = "display_name password csrf",
		.session = GATE_SESSION_FULL,
		.fresh = true,
	},
	{
		.path = "/auth/account/email",
		.get = gate_email_get,
		.post = gate_email_post,
		.again = gate_repeat,
		.fields = "email password csrf",
		.session = GATE_SESSION_FULL,
		.fresh = true,
		.needs = GATE_NEEDS_MAIL,
	},
	{
		.path = "/auth/account/email/verify",
		.post = gate_email_verify,
		.again = gate_repeat,
		.fields = "email pin password csrf",
		.session = GATE_SESSION_FULL,
		.fresh = true,
		.needs = GATE_NEEDS_MAIL,
	},
	{
		.path = "/auth/account/sessions/end",
		.post = gate_sessions_end,
		.again = gate_account_again,
		.fields = "session csrf",
		.session = GATE_SESSION_FULL,
	},
	{
		.path = "/auth/account/sessions/end-others",
		.post = gate_sessions_end_others,
		.again = gate_account_again,
		.fields = "csrf",
		.session = GATE_SESSION_FULL,
	},
	{
		.path = "/auth/confirm",
		.get = gate_confirm_get,
		.post = gate_confirm_post,
		.again = gate_confirm_again,
		.fields = "password rd csrf",
		.session = GATE_SESSION_FULL,
	},
	{
		.path = "/auth/signup",
		.get = gate_signup_get,
		.post = gate_signup_post,
		.again = gate_signup_again,
		.fields = "email password confirm invite csrf",
		.needs = GATE_NEEDS_SIGN_UP,
		.secret_url = true,
	},
	{
		.path = "/auth/signup/verify",
		.get = gate_verify_get,
		.post = gate_verify_post,
		.again = gate_verify_again,
		.fields = "pin csrf",
		.needs = GATE_NEEDS_SIGN_UP,
	},
	{
		.path = "/auth/signup/resend",
		.post = gate_resend_post,
		.again = gate_verify_again,
		.fields = "csrf",
		.needs = GATE_NEEDS_SIGN_UP,
	},
	{
		.path = "/auth/forgot",
		.get = gate_forgot_get,
		.post = gate_forgot_post,
		.again = gate_forgot_again,
		.fields = "email csrf",
		.needs = GATE_NEEDS_MAIL,
	},
	{
		.path = "/auth/reset",
		.get = gate_reset_get,
		.post = gate_reset_post,
		.again = gate_reset_again,
		.fields = "token password confirm csrf",
		.needs = GATE_NEEDS_PUBLIC_URL,
		.secret_url = true,
	},
	{
		.path = "/auth/admin",
		.get = gate_admin_users_get,
		.session = GATE_SESSION_SUPERUSER,
	},
	{
		.path = "/auth/admin/users/several",
		.post = gate_admin_several_post,
		.again = gate_repeat,
		.fields = "action group rd u* password csrf",
		.session = GATE_SESSION_SUPERUSER,
		.fresh = true,
	},
	{
		.path = "/auth/admin/new",
		.get = gate_admin_new_get,
		.session = GATE_SESSION_SUPERUSER,
	},
	{
		.path = "/auth/admin/users/add",
		.post = gate_admin_new_post,
		.again = gate_repeat,
		.fields = "name email display_name groups su access password "
			  "csrf",
		.session = GATE_SESSION_SUPERUSER,
		.fresh = true,
	},
	{
		.path = "/auth/admin/user",
		.get = gate_admin_user_get,
		.session = GATE_SESSION_SUPERUSER,
	},
	{
		.path = "/auth/admin/user/set",
		.post = gate_admin_user_set,
		.again = gate_repeat,
		.fields = "name email display_name groups su password csrf",
		.session = GATE_SESSION_SUPERUSER,
		.fresh = true,
	},
	{
		.path = "/auth/admin/user/state",
		.post = gate_admin_user_state,
		.again = gate_repeat,
		.fields = "name action password csrf",
		.session = GATE_SESSION_SUPERUSER,
		.fresh = true,
	},
	{
		.path = "/auth/admin/user/access",
		.post = gate_admin_user_access,
		.again = gate_repeat,
		.fields = "name access password csrf",
		.session = GATE_SESSION_SUPERUSER,
		.fresh = true,
	},
	{
		.path = "/auth/admin/user/session",
		.post = gate_admin_user_session,
		.again = gate_repeat,
		.fields = "name session password csrf",
		.session = GATE_SESSION_SUPERUSER,
		.fresh = true,
	},
	{
		.path = "/auth/admin/user/delete",
		.post = gate_admin_user_delete,
		.again = gate_repeat,
		.fields = "name again password csrf",
		.session = GATE_SESSION_SUPERUSER,
		.fresh = true,
	},
	{
		.path = "/auth/admin/pending",
		.get = gate_admin_pending_get,
		.session = GATE_SESSION_SUPERUSER,
	},
	{
		.path = "/auth/admin/pending/delete",
		.post = gate_admin_pending_delete,
		.again = gate_repeat,
		.fields = "email password csrf",
		.session = GATE_SESSION_SUPERUSER,
		.fresh = true,
	},
	{
		.path = "/auth/admin/pending/approve",
		.post = gate_admin_pending_approve,
		.again = gate_repeat,
		.fields = "email password csrf",
		.session = GATE_SESSION_SUPERUSER,
		.fresh = true,
	},
	{
		.path = "/auth/admin/invites",
		.get = gate_admin_invites_get,
		.session = GATE_SESSION_SUPERUSER,
	},
	{
		.path = "/auth/admin/invites/add",
		.post = gate_admin_invites_add,
		.again = gate_repeat,
		.fields = "email groups uses days approved password csrf",
		.session = GATE_SESSION_SUPERUSER,
		.fresh = true,
	},
	{
		.path = "/auth/admin/invites/revoke",
		.post = gate_admin_invites_revoke,
		.again = gate_repeat,
		.fields = "id password csrf",
		.session = GATE_SESSION_SUPERUSER,
		.fresh = true,
	},
	{
		.path = "/auth/admin/live",
		.get = gate_admin_live_get,
		.session = GATE_SESSION_SUPERUSER,
	},
	{
		.path = "/auth/admin/audit",
		.get = gate_admin_audit_get,
		.session = GATE_SESSION_SUPERUSER,
	},
	{
		.path = "/auth/admin/audit.csv",
		.get = gate_admin_csv_get,
		.session = GATE_SESSION_SUPERUSER,
	},
	{
		.path = "/auth/admin/throttle",
		.get = gate_admin_throttle_get,
		.session = GATE_SESSION_SUPERUSER,
	},
	{
		.path = "/auth/admin/throttle/clear",
		.post = gate_admin_throttle_clear,
		.again = gate_repeat,
		.fields = "whose password csrf",
		.session = GATE_SESSION_SUPERUSER,
		.fresh = true,
	},
	{.path = "/auth/status", .get = gate_status_get},
	{.path = "/auth/error/403", .get = gate_error_get},
	{.path = "/auth/error/413", .get = gate_error_get},
	{.path = "/auth/error/502", .get = gate_error_get},
	{.path = "/auth/health", .get = gate_health_get, .open = true},
	{.path = "/auth/static/", .get = gate_static_get, .open = true},
	{.path = "/auth/", .get = gate_account_redirect},
	{.path = "/.well-known/change-password", .get = gate_account_redirect},
};

#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

const struct gate_route *gate_route_find(const char *path)
{
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		size_t len = strlen(routes[i].path);
		bool below = routes[i].get == gate_static_get;
		if (strcmp(path, routes[i].path) == 0 ||
			(below && strncmp(path, routes[i].path, len) == 0)) {
			return &routes[i];
		}
	}
	return NULL;
}

const struct gate_route *gate_route_at(size_t i)
{
	return i < ROUTE_COUNT ? &routes[i] : NULL;
}
