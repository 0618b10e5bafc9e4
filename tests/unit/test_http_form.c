/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "http/form.h"

#include "base/banned.h"

static bool parse(const char *text, char *memory, struct gate_form *form)
{
	size_t len = strlen(text);
	memcpy(memory, text, len);
	memory[len] = 'X';
	return gate_form_parse(memory, len, form);
}

static bool parses(const char *text)
{
	char memory[4096];
	struct gate_form form;
	return parse(text, memory, &form);
}

static void an_ordinary_form(void **state)
{
	char memory[256];
	struct gate_form form;
	(void)state;
	assert_true(parse(
		"user=al+ice%40x&pass=%26%3D%C3%A4&none=&bare", memory, &form));
	assert_int_equal(form.count, 4);
	assert_string_equal(gate_form_value(&form, "user"), "al ice@x");
	assert_string_equal(gate_form_value(&form, "pass"), "&=\xc3\xa4");
	assert_int_equal(gate_form_field(&form, "pass")->len, 4);
	assert_string_equal(gate_form_value(&form, "none"), "");
	assert_string_equal(gate_form_value(&form, "bare"), "");
	assert_string_equal(gate_form_value(&form, "else"), "");
	assert_null(gate_form_field(&form, "else"));
}

static void an_empty_form(void **state)
{
	char memory[8];
	struct gate_form form;
	(void)state;
	assert_true(parse("", memory, &form));
	assert_int_equal(form.count, 0);
	assert_true(parse("&&", memory, &form));
	assert_int_equal(form.count, 0);
}

static void a_value_may_hold_equals(void **state)
{
	char memory[64];
	struct gate_form form;
	(void)state;
	assert_true(parse("a=b=c==&d=e", memory, &form));
	assert_string_equal(gate_form_value(&form, "a"), "b=c==");
	assert_string_equal(gate_form_value(&form, "d"), "e");
}

static void d10_garbled_forms_are_refused(void **state)
{
	static const char *const bad[] = {"a=%", "a=%4", "a=%4g", "a=%zz",
		"%=a", "a%g0=1", "a=%00", "a=x%00y", "%00=1", "a=%ff", "a=%c3",
		"a=%c0%af", "a=%e0%80%af", "a=%ed%a0%80", "a=%f4%90%80%80",
		"\xff=1", "a=\xc3", "ok=1&a=%", "a=%&ok=1"};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parses(bad[i])) {
			fail_msg("%s parsed", bad[i]);
		}
	}
	assert_true(parses("a=%f4%8f%bf%bf"));
}

static void d10_a_nul_in_the_raw_text_is_refused(void **state)
{
	char memory[] = "a=b\0c&d=e";
	struct gate_form form;
	(void)state;
	assert_false(gate_form_parse(memory, sizeof(memory) - 1, &form));
}

static void d10_fields_are_counted(void **state)
{
	char text[512] = "";
	size_t len = 0;
	(void)state;
	for (int i = 0; i < GATE_FIELDS_MAX; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len,
			"%sf%d=1", i > 0 ? "&" : "", i);
	}
	assert_true(parses(text));
	snprintf(text + len, sizeof(text) - len, "&one=more");
	assert_false(parses(text));
}

static bool allowed(const char *text, const char *names)
{
	char memory[256];
	struct gate_form form;
	assert_true(parse(text, memory, &form));
	return gate_form_allowed(&form, names);
}

static void d10_unknown_and_repeated_fields_are_refused(void **state)
{
	(void)state;
	assert_true(allowed("", "user rd"));
	assert_true(allowed("rd=1&user=2", "user rd"));
	assert_false(allowed("rd=1&rd=1", "user rd"));
	assert_false(allowed("rd=1&other=1", "user rd"));
	assert_false(allowed("r=1", "user rd"));
	assert_false(allowed("rdx=1", "user rd"));
	assert_false(allowed("user+rd=1", "user rd"));
	assert_false(allowed("=1", "user rd"));
	assert_false(allowed("rd%5B%5D=1", "user rd"));
	assert_false(allowed("r%64=1&rd=2", "user rd"));
}

static void query(const char *text, const char *want)
{
	char out[16];
	bool ok = gate_query_value(text, "rd", out, sizeof(out));
	assert_string_equal(out, want != NULL ? want : "");
	assert_int_equal(ok, want != NULL);
}

static void a_parameter_of_a_query(void **state)
{
	(void)state;
	query("rd=/a", "/a");
	query("x=1&rd=%2Fa%3Fb", "/a?b");
	query("rd=/a&x=%zz&y", "/a");
	query("rd=", "");
	query("rd", NULL);
	query("xrd=/a", NULL);
	query("rdx=/a", NULL);
	query("", NULL);
	query("rd=/a&rd=/b", NULL);
	query("rd=%zz", NULL);
	query("rd=%00", NULL);
	query("rd=%ff", NULL);
	query("rd=123456789012345", "123456789012345");
	query("rd=1234567890123456", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ordinary_form),
		cmocka_unit_test(an_empty_form),
		cmocka_unit_test(a_value_may_hold_equals),
		cmocka_unit_test(d10_garbled_forms_are_refused),
		cmocka_unit_test(d10_a_nul_in_the_raw_text_is_refused),
		cmocka_unit_test(d10_fields_are_counted),
		cmocka_unit_test(d10_unknown_and_repeated_fields_are_refused),
		cmocka_unit_test(a_parameter_of_a_query),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
