/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "auth/name.h"
#include "auth/source.h"

#include "base/banned.h"

static enum stauth_rc name(const char *typed, char *out)
{
	return stauth_name_canonical(typed, strlen(typed), out, NULL);
}

static enum stauth_rc email(const char *typed, char *out)
{
	return stauth_email_canonical(typed, strlen(typed), out, NULL);
}

static void e4_spellings_of_a_name_are_one(void **state)
{
	char out[STAUTH_NAME_SIZE];

	(void)state;
	assert_rc(name("Alice", out), STAUTH_OK);
	assert_string_equal(out, "alice");
	assert_rc(name("O'Brien+X_1.2-3@Example.COM", out), STAUTH_OK);
	assert_string_equal(out, "o'brien+x_1.2-3@example.com");
}

static void k3_names_outside_the_grammar_are_refused(void **state)
{
	static const char *const bad[] = {"", ".a", "_a", "-a", "@a", " a",
		"a b", "x\" OR \"1\"=\"1", "a\n", "a\t", "a/b", "a\\b", "a:b",
		"a,b", "a;b", "a%b", "a*", "\xc3\xa9va", "a\xc3\xa9", "a!b",
		"a\x7f"};
	char out[STAUTH_NAME_SIZE] = "untouched";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_rc(name(bad[i], out), STAUTH_BADVALUE);
	}
	assert_rc(stauth_name_canonical("ali\0ce", 6, out, NULL),
		STAUTH_BADVALUE);
	assert_string_equal(out, "untouched");
}

static void a_name_has_its_length(void **state)
{
	char typed[300];
	char out[STAUTH_NAME_SIZE];

	(void)state;
	memset(typed, 'a', sizeof(typed));
	assert_rc(stauth_name_canonical(typed, 64, out, NULL), STAUTH_OK);
	assert_rc(stauth_name_canonical(typed, 65, out, NULL), STAUTH_BADVALUE);
	typed[3] = '@';
	assert_rc(stauth_name_canonical(typed, 65, out, NULL), STAUTH_OK);
	assert_rc(stauth_name_canonical(typed, 254, out, NULL), STAUTH_OK);
	assert_int_equal(strlen(out), 254);
	assert_rc(
		stauth_name_canonical(typed, 255, out, NULL), STAUTH_BADVALUE);
}

static void emails_become_canonical(void **state)
{
	char out[STAUTH_EMAIL_SIZE];

	(void)state;
	assert_rc(email("Ann.Bee@Example.COM", out), STAUTH_OK);
	assert_string_equal(out, "ann.bee@example.com");
	assert_rc(email("o'brien+tag@x-y.example", out), STAUTH_OK);
	assert_rc(email("a@B\xc3\xbc"
			"cher.example",
			  out),
		STAUTH_OK);
	assert_string_equal(out, "a@xn--bcher-kva.example");
	assert_rc(email("root@localhost", out), STAUTH_OK);
}

static void emails_outside_the_grammar_are_refused(void **state)
{
	static const char *const bad[] = {"", "a", "@b.c", "a@", "a@b@c",
		"a b@c.d", "\"a\"@b.c", "<a@b.c>", "a@[1.2.3.4]", "a@1.2.3.4",
		".a@b.c", "a.@b.c", "a..b@c.d", "a@.b", "a@b.", "a@b..c",
		"a@-b.c", "a@b-.c", "a@b_c.d", "a@b.c\n", "a\r\n@b.c",
		"\xc3\xa9@b.c", "a@b c.d", "a,b@c.d", "a@b.c,d@e.f",
		"a@b.c;d@e.f", "a@b.c>", "a@\xff.c", "a@b\xe3\x80\x82"};
	char out[STAUTH_EMAIL_SIZE] = "untouched";
	char typed[400];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (email(bad[i], out) != STAUTH_BADVALUE) {
			fail_msg("taken: %s as %s", bad[i], out);
		}
	}
	assert_string_equal(out, "untouched");
	memset(typed, 'a', sizeof(typed));
	memcpy(typed + 64, "@b.c", 5);
	assert_rc(email(typed, out), STAUTH_OK);
	memset(typed, 'a', sizeof(typed));
	memcpy(typed + 65, "@b.c", 5);
	assert_rc(email(typed, out), STAUTH_BADVALUE);
}

static enum stauth_rc display(const char *typed)
{
	char out[STAUTH_DISPLAY_SIZE] = "untouched";
	enum stauth_rc rc =
		stauth_display_canonical(typed, strlen(typed), out, NULL);

	assert_string_equal(out, rc == STAUTH_OK ? typed : "untouched");
	return rc;
}

static void display_names_hold_nothing_that_deceives(void **state)
{
	char big[130];
	char out[STAUTH_DISPLAY_SIZE];

	(void)state;
	assert_rc(display(""), STAUTH_OK);
	assert_rc(display("Z\xc3\xbc\x6e \xe5\x90\x8d \xf0\x9f\x98\x80"),
		STAUTH_OK);
	assert_rc(display("a\nb"), STAUTH_BADVALUE);
	assert_rc(display("a\x7f"), STAUTH_BADVALUE);
	assert_rc(display("a\xc2\x85"), STAUTH_BADVALUE);
	assert_rc(display("a\xe2\x80\xae"
			  "b"),
		STAUTH_BADVALUE);
	assert_rc(display("a\xe2\x81\xa6"
			  "b"),
		STAUTH_BADVALUE);
	assert_rc(display("a\xff"), STAUTH_BADVALUE);
	assert_rc(stauth_display_canonical("a\0b", 3, out, NULL),
		STAUTH_BADVALUE);
	memset(big, 'a', sizeof(big));
	assert_rc(stauth_display_canonical(big, 128, out, NULL), STAUTH_OK);
	assert_rc(
		stauth_display_canonical(big, 129, out, NULL), STAUTH_BADVALUE);
}

static void groups_are_sorted_and_bounded(void **state)
{
	char out[STAUTH_GROUPS_SIZE] = "untouched";
	char list[STAUTH_GROUPS_SIZE + 100];
	char *at = list;

	(void)state;
	assert_rc(stauth_groups_canonical("", false, out, NULL), STAUTH_OK);
	assert_string_equal(out, "");
	assert_rc(stauth_groups_canonical("b,a, a,B.x_-1", false, out, NULL),
		STAUTH_OK);
	assert_string_equal(out, "B.x_-1,a,b");
	assert_rc(stauth_groups_canonical("a,su", false, out, NULL),
		STAUTH_BADVALUE);
	assert_rc(stauth_groups_canonical("a,", true, out, NULL),
		STAUTH_BADVALUE);
	assert_rc(stauth_groups_canonical("a,,b", true, out, NULL),
		STAUTH_BADVALUE);
	assert_rc(stauth_groups_canonical("a b", true, out, NULL),
		STAUTH_BADVALUE);
	assert_string_equal(out, "B.x_-1,a,b");
	for (int i = 0; i < 32; i++) {
		memset(at, 'a', 62);
		at += 62;
		at += snprintf(at, 4, "%02d,", i);
	}
	at[-1] = '\0';
	assert_rc(stauth_groups_canonical(list, false, out, NULL), STAUTH_OK);
	assert_int_equal(strlen(out), STAUTH_GROUPS_SIZE - 1);
	assert_rc(stauth_groups_canonical(list, true, out, NULL),
		STAUTH_BADVALUE);
	(void)snprintf(at - 1, 8, ",more");
	assert_rc(stauth_groups_canonical(list, false, out, NULL),
		STAUTH_BADVALUE);
}

static void a_group_is_found_whole_only(void **state)
{
	(void)state;
	assert_true(stauth_groups_has("su,dev,ops", "dev"));
	assert_true(stauth_groups_has("dev", "dev"));
	assert_false(stauth_groups_has("devs", "dev"));
	assert_false(stauth_groups_has("dev", "devs"));
	assert_false(stauth_groups_has("a,b", "a,b"));
	assert_false(stauth_groups_has("a,b", ""));
	assert_false(stauth_groups_has("", ""));
	assert_false(stauth_groups_has("SU", "su"));
}

static void e5_sources_roll_up_and_b7_rest_is_none(void **state)
{
	static const char *const cases[][2] = {
		{"192.0.2.7", "192.0.2.7"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"2001:DB8:1:2::", "2001:db8:1:2::/64"},
		{"::ffff:192.0.2.7", "192.0.2.7"},
		{"::1", "::/64"},
		{"fe80::1%eth0", ""},
		{"192.0.2.7:80", ""},
		{"unix:", ""},
		{"a", ""},
		{"", ""},
		{"1.2.3", ""},
		{"192.0.2.7, 10.0.0.1", ""},
	};
	char out[STAUTH_ADDRESS_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		stauth_source_of_address(cases[i][0], out);
		assert_string_equal(out, cases[i][1]);
	}
}

static void shown_text_is_clean_and_cut_between_characters(void **state)
{
	char out[8];

	(void)state;
	stauth_text_clean(out, sizeof(out), "a\nb\x1b");
	assert_string_equal(out, "a?b?");
	stauth_text_clean(out, sizeof(out), "\xff\xe2\x80\xaex\xc2\x9b");
	assert_string_equal(out, "??x?");
	stauth_text_clean(out, sizeof(out), "123456\xc3\xbc");
	assert_string_equal(out, "123456");
	stauth_text_clean(out, sizeof(out), "12345\xc3\xbc");
	assert_string_equal(out, "12345\xc3\xbc");
	stauth_text_clean(out, sizeof(out), NULL);
	assert_string_equal(out, "");
	assert_int_equal(
		stauth_char_count("a\xf0\x9f\x98\x80\xe5\x90\x8d", 8), 3);
	assert_int_equal(stauth_char_count("\xff\xff", 2), 2);
}

static void u14_an_ipv6_source_has_larger_networks(void **state)
{
	static const char *const cases[][3] = {
		{"2001:db8:1:2345::/64", "2001:db8:1:2300::/56",
			"2001:db8:1::/48"},
		{"2001:db8::/64", "2001:db8::/56", "2001:db8::/48"},
		{"192.0.2.1", "", ""},
		{"?", "", ""},
		{"local:cli", "", ""},
		{"", "", ""},
	};
	char out[STAUTH_ADDRESS_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		stauth_source_network(cases[i][0], 56, out);
		assert_string_equal(out, cases[i][1]);
		stauth_source_network(cases[i][0], 48, out);
		assert_string_equal(out, cases[i][2]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(u14_an_ipv6_source_has_larger_networks),
		cmocka_unit_test(e4_spellings_of_a_name_are_one),
		cmocka_unit_test(k3_names_outside_the_grammar_are_refused),
		cmocka_unit_test(a_name_has_its_length),
		cmocka_unit_test(emails_become_canonical),
		cmocka_unit_test(emails_outside_the_grammar_are_refused),
		cmocka_unit_test(display_names_hold_nothing_that_deceives),
		cmocka_unit_test(groups_are_sorted_and_bounded),
		cmocka_unit_test(a_group_is_found_whole_only),
		cmocka_unit_test(e5_sources_roll_up_and_b7_rest_is_none),
		cmocka_unit_test(
			shown_text_is_clean_and_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
