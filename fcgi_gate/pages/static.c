/* SPDX-License-Identifier: MIT */
/* The pages' own files. Their names hold the hash of their content, so that
 * they may be kept for ever. */
#include <string.h>

#include "embedded.h"
#include "page.h"
#include "route.h"

#include "base/banned.h"

static void serve(
	struct gate_page *page, const char *type, const char *data, size_t len)
{
	page->response.status = 200;
	page->response.keep = true;
	page->response.content_type = type;
	stauth_buf_add_len(&page->response.body, data, len);
}

void gate_static_get(struct gate_page *page)
{
	const char *name = page->request->path + strlen(page->route->path);
	const struct gate_theme *theme = &page->pages->theme;
	for (size_t i = 0; gate_assets[i].name != NULL; i++) {
		if (strcmp(gate_assets[i].served, name) == 0) {
			serve(page, gate_assets[i].type, gate_assets[i].data,
				gate_assets[i].len);
			return;
		}
	}
	if (theme->served[0] != '\0' && strcmp(theme->served, name) == 0) {
		serve(page, "text/css; charset=utf-8", theme->css.data,
			theme->css.len);
		return;
	}
	gate_page_error(page, 404);
}
