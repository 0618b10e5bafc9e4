/* SPDX-License-Identifier: MIT */
#include "http/form.h"

#include <string.h>

#include "base/codec.h"
#include "base/secret.h"

#include "base/banned.h"

/* Decodes in place and ends it with a NUL; the byte after is a separator that
 * has done its work, or the spare one at the end. */
static bool decode(char *text, size_t len, size_t *ret_len)
{
	size_t decoded = 0;
	if (!stauth_percent_decode(text, len, true, text, &decoded) ||
		memchr(text, '\0', decoded) != NULL ||
		!stauth_utf8_valid(text, decoded)) {
		return false;
	}
	text[decoded] = '\0';
	*ret_len = decoded;
	return true;
}

static bool add_field(struct gate_form *form, char *text, size_t len)
{
	if (form->count == GATE_FIELDS_MAX) {
		return false;
	}
	char *equals = memchr(text, '=', len);
	char *value = equals != NULL ? equals + 1 : text + len;
	size_t name_len = equals != NULL ? (size_t)(equals - text) : len;
	size_t value_len = (size_t)(text + len - value);
	struct gate_field *field = &form->fields[form->count];

	if (!decode(value, value_len, &field->len) ||
		!decode(text, name_len, &name_len)) {
		return false;
	}
	field->name = text;
	field->value = value;
	form->count++;
	return true;
}

bool gate_form_parse(char *text, size_t len, struct gate_form *ret_form)
{
	ret_form->count = 0;
	size_t at = 0;
	while (at < len) {
		char *end = memchr(text + at, '&', len - at);
		size_t part =
			end != NULL ? (size_t)(end - (text + at)) : len - at;
		if (part > 0 && !add_field(ret_form, text + at, part)) {
			return false;
		}
		at += part + 1;
	}
	return true;
}

static bool listed(const char *names, const char *name)
{
	size_t len = strlen(name);
	while (*names != '\0') {
		size_t word = strcspn(names, " ");
		bool begins = word > 1 && names[word - 1] == '*' &&
			      strncmp(names, name, word - 1) == 0;
		if (begins || (word == len && len > 0 &&
				      memcmp(names, name, len) == 0)) {
			return true;
		}
		names += word;
		names += strspn(names, " ");
	}
	return false;
}

bool gate_form_allowed(const struct gate_form *form, const char *names)
{
	for (size_t i = 0; i < form->count; i++) {
		const char *name = form->fields[i].name;
		if (!listed(names, name) ||
			gate_form_field(form, name) != &form->fields[i]) {
			return false;
		}
	}
	return true;
}

const struct gate_field *gate_form_field(
	const struct gate_form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++) {
		if (strcmp(form->fields[i].name, name) == 0) {
			return &form->fields[i];
		}
	}
	return NULL;
}

bool gate_field_same(const struct gate_field *a, const struct gate_field *b)
{
	return a != NULL && b != NULL && a->len == b->len &&
	       stauth_equal_ct(a->value, b->value, a->len);
}

const char *gate_form_value(const struct gate_form *form, const char *name)
{
	const struct gate_field *field = gate_form_field(form, name);
	return field != NULL ? field->value : "";
}

/* The raw value of the one parameter of this name; NULL if there is none or
 * more than one. */
static const char *find_raw(
	const char *query, const char *name, size_t *ret_len)
{
	const char *found = NULL;
	size_t name_len = strlen(name);
	while (*query != '\0') {
		size_t part = strcspn(query, "&");
		if (part > name_len && query[name_len] == '=' &&
			memcmp(query, name, name_len) == 0) {
			if (found != NULL) {
				return NULL;
			}
			found = query + name_len + 1;
			*ret_len = part - name_len - 1;
		}
		query += part;
		query += *query == '&' ? 1 : 0;
	}
	return found;
}

bool gate_query_value(
	const char *query, const char *name, char *out, size_t out_size)
{
	out[0] = '\0';
	size_t len = 0;
	const char *raw = find_raw(query, name, &len);
	/* Three raw bytes make at least one decoded one. */
	if (raw == NULL || len > 3 * (out_size - 1) || len > 8192) {
		return false;
	}
	char text[8193];
	memcpy(text, raw, len);
	if (!decode(text, len, &len) || len >= out_size) {
		return false;
	}
	memcpy(out, text, len + 1);
	return true;
}
