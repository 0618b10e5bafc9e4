/* SPDX-License-Identifier: MIT */
/* A page worker: one request at a time, and nothing kept between two. */
#include <stdlib.h>
#include <unistd.h>

#include "fcgi_io.h"
#include "log.h"
#include "route.h"
#include "show.h"
#include "store/table.h"
#include "worker.h"

#include "base/banned.h"

static void serve(struct gate_pages *pages, struct gate_io *io)
{
	struct gate_page page;
	gate_page_init(&page, pages, io);
	int status = gate_request_read(page.request, io);
	if (status != 0) {
		gate_page_error(&page, status);
	} else {
		gate_route(&page);
	}
	gate_request_drain(io);
	gate_response_send(
		&page.response, io, page.request->method == GATE_METHOD_HEAD);
	gate_page_finish(&page);
	gate_request_wipe(pages->request);
}

/* An idle worker may be the last that holds what others wait for. */
#define IDLE_MS 1000

static int run(const struct gate_worker *worker, struct gate_pages *pages,
	struct stauth_store *store, struct gate_io *io)
{
	while (!*worker->stop) {
		alarm(GATE_WATCHDOG_S);
		if (gate_io_accept(
			    io, worker->listen_fd, IDLE_MS, worker->stop)) {
			serve(pages, io);
			gate_io_finish(io);
		} else {
			stauth_store_idle(store);
		}
	}
	return 0;
}

int gate_pages_run(const struct gate_worker *worker)
{
	struct gate_pages pages = {
		.config = worker->config, .host_logged = worker->host_logged};
	struct gate_io *io = gate_io_new();
	pages.request = calloc(1, sizeof(*pages.request));
	stauth_ctx_init(&pages.ctx, worker->config);

	struct stauth_store store = {0};
	struct stauth_err err = {0};
	int status = 1;
	if (io == NULL || pages.request == NULL ||
		!gate_theme_init(&pages.theme, worker->config)) {
		gate_log("pages: out of memory");
	} else if (stauth_store_open(worker->config, STAUTH_ROLE_PAGE, &store,
			   &err) != STAUTH_OK) {
		gate_log("pages: %s", err.msg);
	} else {
		pages.ctx.accounts = store.accounts;
		pages.ctx.state = store.state;
		status = run(worker, &pages, &store, io);
	}
	stauth_ctx_finish(&pages.ctx);
	stauth_store_close(&store);
	gate_theme_finish(&pages.theme);
	free(pages.request);
	gate_io_free(io);
	return status;
}
