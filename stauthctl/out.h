/* SPDX-License-Identifier: MIT */
/*
 * Data on stdout, in one of three forms, from one description of its fields:
 * a table for people, JSON for scripts, lines for what never ends.
 */
#ifndef CTL_OUT_H
#define CTL_OUT_H

#include "ctl.h"

#include "base/buf.h"

enum ctl_kind {
	CTL_TEXT,
	CTL_FLAG, /* true, false; "yes" or nothing in a table */
	CTL_NUMBER,
	CTL_TIME, /* Unix seconds, null for never; UTC in a table */
	CTL_LIST, /* comma list; an array in JSON */
};

struct ctl_field {
	const char *key;   /* in JSON; NULL: not there */
	const char *title; /* of the column; NULL: not in the table */
	enum ctl_kind kind;
	int width; /* in lines */
};

/* One of the two, after the field's kind. */
struct ctl_value {
	const char *text; /* NULL: "" */
	int64_t number;
};

enum ctl_form {
	CTL_MANY,  /* a table, or one JSON array */
	CTL_ONE,   /* "key: value" lines, or one JSON object */
	CTL_LINES, /* a line a row, or a JSON object a line; flushed */
};

struct libscols_table;

struct ctl_out {
	const struct ctl_field *fields;
	size_t field_count;
	enum ctl_form form;
	bool json;
	size_t rows; /* so far */
	struct libscols_table *table;
	struct stauth_buf buf;
};

void ctl_out_begin(struct ctl_out *out, enum ctl_form form, bool json,
	const struct ctl_field *fields, size_t field_count);
/* values: one for each field, borrowed for the call. */
void ctl_out_row(struct ctl_out *out, const struct ctl_value *values);
/* What was added up to now goes out; a long list calls it once a page. */
void ctl_out_page(struct ctl_out *out);
/* Ends and frees. 0, or 75 when stdout did not take it all. */
int ctl_out_end(struct ctl_out *out);
/* Frees; what is incomplete stays visibly so. */
void ctl_out_drop(struct ctl_out *out);

/* What one `... list` shows. Rows are read a page at a time. */
struct ctl_page {
	const void *after; /* the last row of the page before; NULL: none */
	size_t max;
	void *rows;
	size_t count; /* read sets it */
};

struct ctl_list {
	const struct ctl_field *fields;
	size_t field_count;
	size_t row_size; /* bytes */
	/* about is ctl_list's. */
	enum stauth_rc (*read)(struct ctl *ctl, const void *about,
		struct ctl_page *page, struct stauth_err *err);
	void (*add)(struct ctl_out *out, const void *row);
};

/* The whole list on stdout; returns the exit status. */
int ctl_list(struct ctl *ctl, const struct ctl_list *list, const void *about);

/* Other people's bytes on stdout: no escape sequences. */
void ctl_out_clean(const char *text);

/* Did all data reach stdout? 0 or 75. */
int ctl_out_flush(void);

#endif
