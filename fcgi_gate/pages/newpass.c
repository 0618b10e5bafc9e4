/* SPDX-License-Identifier: MIT */
#include "newpass.h"

#include <string.h>

#include "base/text.h"
#include "http/form.h"

#include "base/banned.h"

static int refuse(struct gate_page *page, const char **fault, const char *text)
{
	*fault = text;
	gate_page_message(page, STAUTH_ERROR, "%s", text);
	return 422;
}

int gate_newpass_take(struct gate_page *page, struct gate_newpass *ret_new)
{
	const struct gate_form *form = &page->request->form;
	const struct gate_field *field = gate_form_field(form, "password");
	*ret_new = (struct gate_newpass){
		.fault_password = "",
		.fault_confirm = "",
	};
	if (field == NULL || field->len == 0) {
		return refuse(page, &ret_new->fault_password,
			STAUTH_TEXT_PASSWORD_EMPTY);
	}
	if (field->len > STAUTH_PASSWORD_MAX) {
		return refuse(page, &ret_new->fault_password,
			STAUTH_TEXT_PASSWORD_LONG);
	}
	if (!gate_field_same(field, gate_form_field(form, "confirm"))) {
		return refuse(page, &ret_new->fault_confirm,
			STAUTH_TEXT_PASSWORD_MISMATCH);
	}
	stauth_secret_set(&ret_new->secret, field->value, field->len, NULL);
	return 0;
}

int gate_newpass_refuse(struct gate_page *page, struct gate_newpass *new,
	const struct stauth_err *err)
{
	/* The domain may have said the same already. */
	page->message_count = 0;
	memcpy(new->reason, err->msg, sizeof(err->msg));
	return refuse(page, &new->fault_password, new->reason);
}

void gate_newpass_view(struct gate_page *page, const struct gate_newpass *new)
{
	gate_view_set(&page->view, "min_length", page->min_length);
	gate_view_set(&page->view, "fault_password",
		new != NULL ? new->fault_password : "");
	gate_view_set(&page->view, "fault_confirm",
		new != NULL ? new->fault_confirm : "");
}
