/* SPDX-License-Identifier: MIT */
#ifndef GATE_FORM_H
#define GATE_FORM_H

#include <stdbool.h>
#include <stddef.h>

#define GATE_FIELDS_MAX 48

struct gate_field {
	const char *name;
	const char *value; /* NUL terminated; holds no other NUL */
	size_t len;
};

/* Points into the text it was parsed from. */
struct gate_form {
	struct gate_field fields[GATE_FIELDS_MAX];
	size_t count;
};

/*
 * Reads application/x-www-form-urlencoded in place; text[len] must be
 * writable. false: a bad escape, a NUL, bytes that are no UTF-8, or more
 * than GATE_FIELDS_MAX fields.
 */
bool gate_form_parse(char *text, size_t len, struct gate_form *ret_form);
/* Is every field one of the blank separated names, and none there twice? A
 * name that ends with * stands for all that begin so. */
bool gate_form_allowed(const struct gate_form *form, const char *names);
/* NULL if there is no such field. */
const struct gate_field *gate_form_field(
	const struct gate_form *form, const char *name);
/* Are both there, and the same? In constant time. */
bool gate_field_same(const struct gate_field *a, const struct gate_field *b);
/* The field's value, or "". */
const char *gate_form_value(const struct gate_form *form, const char *name);

/*
 * One parameter of a query string, decoded into out. false, and out is "":
 * not there, there twice, garbled, or too long. Other parameters are none of
 * our business and may look as they like.
 */
bool gate_query_value(
	const char *query, const char *name, char *out, size_t out_size);

#endif
