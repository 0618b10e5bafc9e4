/* SPDX-License-Identifier: MIT */
#include "list.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "result.h"

#include "base/banned.h"

#define PAGE 200 /* rows read at once */

/* page has room for one more row: the last of the page before, at its end. */
static enum stauth_rc add_all(struct ctl *ctl, const struct ctl_list *list,
	const void *about, struct ctl_out *out, char *page,
	struct stauth_err *err)
{
	char *after = page + PAGE * list->row_size;
	size_t count = PAGE;
	bool first = true;

	while (count == PAGE) {
		enum stauth_rc rc = list->read(ctl, about, first ? NULL : after,
			PAGE, page, &count, err);

		if (rc != STAUTH_OK) {
			return rc;
		}
		for (size_t i = 0; i < count; i++) {
			list->add(out, page + i * list->row_size);
		}
		if (count > 0) {
			memcpy(after, page + (count - 1) * list->row_size,
				list->row_size);
			first = false;
		}
		ctl_out_page(out);
	}
	return STAUTH_OK;
}

int ctl_list(struct ctl *ctl, const struct ctl_list *list, const void *about)
{
	char *page = calloc(PAGE + 1, list->row_size);

	if (page == NULL) {
		return ctl_fail_with(EX_TEMPFAIL, "out of memory");
	}
	struct ctl_out out;
	ctl_out_begin(
		&out, CTL_MANY, ctl->json, list->fields, list->field_count);
	struct stauth_err err = {0};
	int code = EX_OK;
	if (add_all(ctl, list, about, &out, page, &err) == STAUTH_OK) {
		code = ctl_out_end(&out);
	} else {
		ctl_out_drop(&out);
		code = ctl_fail(ctl, &err);
	}
	free(page);
	return code;
}
