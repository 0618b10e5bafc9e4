/* SPDX-License-Identifier: MIT */
#ifndef CTL_LIST_H
#define CTL_LIST_H

#include <stddef.h>

#include "base/rc.h"
#include "out.h"

/* What one `... list` shows. Rows are read a page at a time. */
struct ctl_list {
	const struct ctl_field *fields;
	size_t field_count;
	size_t row_size; /* bytes */
	/* At most max rows behind `after`, the last one of the page before;
	 * NULL: from the beginning. about is ctl_list's. */
	enum stauth_rc (*read)(struct ctl *ctl, const void *about,
		const void *after, size_t max, void *ret_rows,
		size_t *ret_count, struct stauth_err *err);
	void (*add)(struct ctl_out *out, const void *row);
};

/* The whole list on stdout; returns the exit status. */
int ctl_list(struct ctl *ctl, const struct ctl_list *list, const void *about);

#endif
