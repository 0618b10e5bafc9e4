/* SPDX-License-Identifier: MIT */
/* /auth/health: does the store answer a read? Says nothing else. */
#include "log.h"
#include "page.h"
#include "route.h"

#include "base/banned.h"

void gate_health_get(struct gate_page *page)
{
	/* Well formed, so that it is asked for, and nobody's. */
	static const char handle[] = "----------------";
	struct stauth_session session;
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_session_by_handle(page->ctx, handle, &session, &err);
	page->response.content_type = "text/plain; charset=utf-8";
	if (rc < 0) {
		gate_log("pages: health: %s: %s", stauth_rc_name(rc), err.msg);
		page->response.status = 503;
		gate_page_retry_after(page, 5);
		stauth_buf_add(&page->response.body, "unavailable");
	} else {
		page->response.status = 200;
		stauth_buf_add(&page->response.body, "ok");
	}
}
