/* SPDX-License-Identifier: MIT */
#include "out.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <libsmartcols/libsmartcols.h>

#include "base/clock.h"
#include "result.h"
#include "text.h"

#include "base/banned.h"

#define ROW_MAX (64 * 1024) /* bytes of one row */

static const char *text_of(const struct ctl_value *value)
{
	return value->text != NULL ? value->text : "";
}

/* --- JSON */

static void json_list(struct stauth_buf *buf, const char *list)
{
	const char *comma = "";

	stauth_buf_add(buf, "[");
	while (*list) {
		size_t len = strcspn(list, ",");
		char item[STAUTH_VALUE_SIZE];

		snprintf(item, sizeof(item), "%.*s", (int)len, list);
		stauth_buf_add(buf, comma);
		stauth_buf_add_json(buf, item);
		comma = ",";
		list += len + (list[len] == ',');
	}
	stauth_buf_add(buf, "]");
}

static void json_value(struct stauth_buf *buf, enum ctl_kind kind,
	const struct ctl_value *value)
{
	switch (kind) {
	case CTL_TEXT:
		stauth_buf_add_json(buf, text_of(value));
		return;
	case CTL_LIST:
		json_list(buf, text_of(value));
		return;
	case CTL_FLAG:
		stauth_buf_add(buf, value->number ? "true" : "false");
		return;
	case CTL_TIME:
		if (!value->number) {
			stauth_buf_add(buf, "null");
			return;
		}
		stauth_buf_addf(buf, "%" PRId64, value->number);
		return;
	case CTL_NUMBER:
		stauth_buf_addf(buf, "%" PRId64, value->number);
		return;
	}
}

static void json_row(struct ctl_out *out, const struct ctl_value *values)
{
	const char *comma = "";

	stauth_buf_reset(&out->buf);
	stauth_buf_add(&out->buf, "{");
	for (size_t i = 0; i < out->field_count; i++) {
		if (out->fields[i].key == NULL) {
			continue;
		}
		stauth_buf_add(&out->buf, comma);
		stauth_buf_add_json(&out->buf, out->fields[i].key);
		stauth_buf_add(&out->buf, ":");
		json_value(&out->buf, out->fields[i].kind, &values[i]);
		comma = ",";
	}
	stauth_buf_add(&out->buf, "}");
	if (out->form == CTL_MANY) {
		fputs(out->rows ? ",\n" : "[\n", stdout);
	}
	fputs(stauth_buf_str(&out->buf), stdout);
	if (out->form != CTL_MANY) {
		fputc('\n', stdout);
	}
}

/* --- for people */

static const char *plain_value(
	enum ctl_kind kind, const struct ctl_value *value, char scratch[32])
{
	char time[21];

	switch (kind) {
	case CTL_TEXT:
	case CTL_LIST:
		return text_of(value);
	case CTL_FLAG:
		return value->number ? "yes" : "";
	case CTL_TIME:
		stauth_time_format(value->number, time);
		snprintf(scratch, 32, "%s", time);
		return scratch;
	case CTL_NUMBER:
		snprintf(scratch, 32, "%" PRId64, value->number);
		return scratch;
	}
	return "";
}

static void open_table(struct ctl_out *out)
{
	out->table = scols_new_table();
	if (out->table == NULL) {
		return;
	}
	scols_table_enable_noheadings(out->table, out->rows > 0);
	for (size_t i = 0; i < out->field_count; i++) {
		if (out->fields[i].title != NULL) {
			scols_table_new_column(
				out->table, out->fields[i].title, 0, 0);
		}
	}
}

static void table_row(struct ctl_out *out, const struct ctl_value *values)
{
	if (out->table == NULL) {
		open_table(out);
	}
	struct libscols_line *line =
		out->table != NULL ? scols_table_new_line(out->table, NULL)
				   : NULL;
	if (line == NULL) {
		ctl_warn(CTL_TEXT_NO_MEMORY);
		return;
	}
	char scratch[32];
	size_t column = 0;
	for (size_t i = 0; i < out->field_count; i++) {
		if (out->fields[i].title == NULL) {
			continue;
		}
		scols_line_set_data(line, column++,
			plain_value(out->fields[i].kind, &values[i], scratch));
	}
}

/* Other people's bytes on a terminal: no escape sequences. */
void ctl_out_clean(const char *text)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		fputc(byte < 0x20 || byte == 0x7f ? '?' : byte, stdout);
	}
}

static void show_row(const struct ctl_out *out, const struct ctl_value *values)
{
	char scratch[32];

	for (size_t i = 0; i < out->field_count; i++) {
		const char *value =
			plain_value(out->fields[i].kind, &values[i], scratch);

		if (out->fields[i].key == NULL) {
			continue;
		}
		if (out->fields[i].kind == CTL_FLAG && !value[0]) {
			value = "no";
		}
		printf("%s:%*s", out->fields[i].key,
			(int)(16 - strlen(out->fields[i].key)), "");
		ctl_out_clean(value[0] ? value : "-");
		fputc('\n', stdout);
	}
}

static void line_row(const struct ctl_out *out, const struct ctl_value *values)
{
	char scratch[32];

	for (size_t i = 0; i < out->field_count; i++) {
		const char *value =
			plain_value(out->fields[i].kind, &values[i], scratch);
		int pad = out->fields[i].width - (int)strlen(value);

		if (out->fields[i].title == NULL) {
			continue;
		}
		ctl_out_clean(value[0] ? value : "-");
		printf("%*s", pad > 0 && i + 1 < out->field_count ? pad : 0,
			"");
		fputc(i + 1 < out->field_count ? ' ' : '\n', stdout);
	}
}

/* --- the calls */

void ctl_out_begin(struct ctl_out *out, enum ctl_form form, bool json,
	const struct ctl_field *fields, size_t field_count)
{
	*out = (struct ctl_out){
		.fields = fields,
		.field_count = field_count,
		.form = form,
		.json = json,
	};
	stauth_buf_init(&out->buf, ROW_MAX);
}

void ctl_out_row(struct ctl_out *out, const struct ctl_value *values)
{
	if (out->json) {
		json_row(out, values);
	} else if (out->form == CTL_MANY) {
		table_row(out, values);
	} else if (out->form == CTL_ONE) {
		show_row(out, values);
	} else {
		line_row(out, values);
	}
	out->rows++;
}

void ctl_out_page(struct ctl_out *out)
{
	if (out->table != NULL) {
		scols_print_table(out->table);
		scols_unref_table(out->table);
		out->table = NULL;
	}
	if (out->form == CTL_LINES) {
		fflush(stdout);
	}
}

int ctl_out_end(struct ctl_out *out)
{
	ctl_out_page(out);
	if (out->json && out->form == CTL_MANY) {
		fputs(out->rows ? "\n]\n" : "[]\n", stdout);
	}
	ctl_out_drop(out);
	return ctl_out_flush();
}

void ctl_out_drop(struct ctl_out *out)
{
	scols_unref_table(out->table);
	out->table = NULL;
	stauth_buf_finish(&out->buf);
}

int ctl_out_flush(void)
{
	if (fflush(stdout) || ferror(stdout)) {
		return ctl_fail_with(EX_TEMPFAIL, CTL_TEXT_WRITE_FAILED);
	}
	return EX_OK;
}

/* --- lists */

#define PAGE 200 /* rows read at once */

/* rows has room for one more: the last of the page before, at its end. */
static int add_pages(struct ctl *ctl, const struct ctl_list *list,
	const void *about, struct ctl_page *page, struct ctl_out *out)
{
	char *rows = page->rows;
	char *last = rows + PAGE * list->row_size;
	struct stauth_err err = {0};

	do {
		enum stauth_rc rc = list->read(ctl, about, page, &err);
		if (rc != STAUTH_OK) {
			ctl_out_drop(out);
			return ctl_fail(ctl, &err);
		}
		for (size_t i = 0; i < page->count; i++) {
			list->add(out, rows + i * list->row_size);
		}
		if (page->count > 0) {
			memcpy(last, rows + (page->count - 1) * list->row_size,
				list->row_size);
			page->after = last;
		}
		ctl_out_page(out);
	} while (page->count == page->max);
	return ctl_out_end(out);
}

int ctl_list(struct ctl *ctl, const struct ctl_list *list, const void *about)
{
	struct ctl_page page = {
		.max = PAGE, .rows = calloc(PAGE + 1, list->row_size)};

	if (page.rows == NULL) {
		return ctl_fail_with(EX_TEMPFAIL, CTL_TEXT_NO_MEMORY);
	}
	struct ctl_out out;
	ctl_out_begin(
		&out, CTL_MANY, ctl->json, list->fields, list->field_count);
	int code = add_pages(ctl, list, about, &page, &out);
	free(page.rows);
	return code;
}
