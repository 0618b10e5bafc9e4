/* SPDX-License-Identifier: MIT */
/* What the PAM module believes of a frame, and what it makes of an answer. */
#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include <security/pam_modules.h>

#include "../../pam_stauth/result.h"
#include "../../pam_stauth/wire.h"

#include "base/banned.h"

#define SOON_MS    2000
#define FUZZ_TURNS 300000

/* xorshift: the same bytes on every run. */
static uint32_t turn(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* What a receiver makes of these bytes; the sender closes after them. */
static bool received(
	const void *bytes, size_t len, struct pamst_frame *ret_frame)
{
	int sock[2];
	bool got;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sock), 0);
	assert_int_equal(write(sock[0], bytes, len), len);
	(void)close(sock[0]);
	got = pamst_frame_receive(
		ret_frame, sock[1], pamst_boot_ms() + SOON_MS);
	(void)close(sock[1]);
	return got;
}

static void a33_whole_frames_pass(void **state)
{
	struct pamst_frame sent;
	struct pamst_frame got;
	char text[32];
	int sock[2];

	(void)state;
	pamst_frame_init(&sent, PAMST_ASK_AUTH);
	pamst_frame_add(&sent, PAMST_USER, "alice");
	pamst_frame_add(&sent, PAMST_CONFIG, NULL);
	pamst_frame_add(&sent, PAMST_PASSWORD, "correct horse");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sock), 0);
	assert_true(
		pamst_frame_send(&sent, sock[0], pamst_boot_ms() + SOON_MS));
	assert_true(
		pamst_frame_receive(&got, sock[1], pamst_boot_ms() + SOON_MS));
	assert_int_equal(got.kind, PAMST_ASK_AUTH);
	assert_true(pamst_frame_get(&got, PAMST_USER, text, sizeof(text)));
	assert_string_equal(text, "alice");
	assert_true(pamst_frame_get(&got, PAMST_PASSWORD, text, sizeof(text)));
	assert_string_equal(text, "correct horse");
	assert_false(pamst_frame_get(&got, PAMST_CONFIG, text, sizeof(text)));
	assert_string_equal(text, "");
	(void)close(sock[0]);
	(void)close(sock[1]);
}

#define SHOWN(bytes) (bytes), sizeof(bytes) - 1

static void a33_frames_of_other_shapes_are_no_answer(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool good;
	} cases[] = {
		{SHOWN("STA\1\13\0\0"), true},
		{SHOWN("STA\1\13\0\4\1\0\1a"), true}, {SHOWN(""), false},
		{SHOWN("S"), false},
		{SHOWN("STA\1\13\0"), false},          /* half a head */
		{SHOWN("STA\2\13\0\0"), false},        /* another version */
		{SHOWN("STA\0\13\0\0"), false},        /* no version */
		{SHOWN("STB\1\13\0\0"), false},        /* another magic */
		{SHOWN("HTTP/1.1 200 OK\r\n"), false}, /* another protocol */
		{SHOWN("STA\1\13\0\4\1\0\1"), false},  /* a byte short */
		{SHOWN("STA\1\13\0\5\1\0\1a"), false}, /* longer than it is */
		{SHOWN("STA\1\13\0\3\1\0\1a"), false}, /* field over the end */
		{SHOWN("STA\1\13\0\2\1\0"), false},    /* half a field */
		{SHOWN("STA\1\13\0\10\1\0\1a\1\0\1a"), false}, /* twice */
		{SHOWN("STA\1\13\0\4\0\0\1a"), false},         /* tag 0 */
		{SHOWN("STA\1\13\0\4\377\0\1a"), false},       /* unknown tag */
		{SHOWN("STA\1\13\377\377\1\0\1a"), false}, /* over the most */
	};
	struct pamst_frame got;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (received(cases[i].bytes, cases[i].len, &got) !=
			cases[i].good) {
			fail_msg("case %zu", i);
		}
	}
}

/* The bytes are really there: without the bound they would be taken, and run
 * over the frame. */
static void a33_a_payload_over_the_most_is_not_taken(void **state)
{
	static const size_t lens[] = {
		PAMST_WIRE_MAX, PAMST_WIRE_MAX + 1, 0xffff};
	static uint8_t bytes[PAMST_WIRE_HEAD + 0xffff];
	struct pamst_frame got;

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		size_t field = lens[i] - 3;
		const uint8_t head[] = {'S', 'T', 'A', PAMST_WIRE_VERSION,
			PAMST_ALLOW, (uint8_t)(lens[i] >> 8), (uint8_t)lens[i],
			PAMST_LOG, (uint8_t)(field >> 8), (uint8_t)field};

		memset(bytes, 'A', sizeof(bytes));
		memcpy(bytes, head, sizeof(head));
		assert_int_equal(
			received(bytes, PAMST_WIRE_HEAD + lens[i], &got),
			lens[i] <= PAMST_WIRE_MAX);
	}
}

static void a33_fields_are_cut_nowhere(void **state)
{
	static const char nul[] = "al\0ice";
	struct pamst_frame frame;
	char text[5];
	char big[PAMST_WIRE_MAX];

	(void)state;
	pamst_frame_init(&frame, PAMST_ASK_AUTH);
	pamst_frame_add(&frame, PAMST_USER, "alice");
	pamst_frame_add_len(&frame, PAMST_TEXT, nul, sizeof(nul) - 1);
	assert_false(pamst_frame_get(&frame, PAMST_USER, text, sizeof(text)));
	assert_string_equal(text, "");
	assert_false(pamst_frame_get(&frame, PAMST_TEXT, big, sizeof(big)));
	assert_string_equal(big, "");
	memset(big, 'x', sizeof(big));
	pamst_frame_add_len(&frame, PAMST_LOG, big, sizeof(big));
	assert_true(frame.failed);
	assert_false(pamst_frame_valid(&frame));
	/* A frame that failed never leaves. */
	assert_false(
		pamst_frame_send(&frame, STDERR_FILENO, pamst_boot_ms() + 10));
}

static void a33_fuzzed_payloads_stay_within_bounds(void **state)
{
	struct pamst_frame frame;
	uint32_t seed = 20250901;
	char text[64];
	int clean = 0;

	(void)state;
	for (int i = 0; i < FUZZ_TURNS; i++) {
		pamst_frame_init(&frame, (int)(turn(&seed) & 0xff));
		frame.len = turn(&seed) % 40;
		for (size_t at = 0; at < frame.len; at++) {
			uint32_t r = turn(&seed);

			/* Small bytes, so that many are nearly right. */
			frame.payload[at] =
				(uint8_t)(r & 0x100 ? r & 0xff : r & 3);
		}
		clean += pamst_frame_valid(&frame);
		for (int tag = 0; tag <= PAMST_TAG_END; tag++) {
			if (pamst_frame_get(&frame, (enum pamst_tag)tag, text,
				    sizeof(text))) {
				assert_true(strlen(text) < frame.len);
			}
		}
	}
	assert_true(clean > 0 && clean < FUZZ_TURNS / 2);
}

static void a33_fuzzed_streams_are_mostly_no_answer(void **state)
{
	struct pamst_frame frame;
	uint32_t seed = 4711;
	uint8_t bytes[64];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t len = turn(&seed) % sizeof(bytes);

		for (size_t at = 0; at < len; at++) {
			bytes[at] = (uint8_t)turn(&seed);
		}
		memcpy(bytes, "STA\1\13\0", len < 6 ? len : 6);
		if (received(bytes, len, &frame)) {
			assert_true(frame.len + PAMST_WIRE_HEAD <= len);
			assert_true(pamst_frame_valid(&frame));
		} else {
			/* Whoever forgets to ask still finds no yes in it. */
			assert_true(frame.kind != PAMST_ALLOW || frame.len > 0);
		}
	}
}

static void a33_a_silent_helper_ends_at_the_deadline(void **state)
{
	struct pamst_frame frame;
	int64_t before = pamst_boot_ms();
	int sock[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sock), 0);
	assert_int_equal(write(sock[0], "STA", 3), 3);
	assert_false(pamst_frame_receive(&frame, sock[1], before + 100));
	assert_true(pamst_boot_ms() - before >= 100);
	assert_true(pamst_boot_ms() - before < 2000);
	(void)close(sock[0]);
	(void)close(sock[1]);
}

static bool may_succeed(int question, int answer)
{
	bool session =
		question == PAMST_ASK_OPEN || question == PAMST_ASK_CLOSE;

	return question >= PAMST_ASK_AUTH && question <= PAMST_ASK_CLOSE &&
	       (answer == PAMST_ALLOW ||
		       (session && answer == PAMST_UNKNOWN_USER));
}

static void a18_only_allow_becomes_success_and_nothing_ignore(void **state)
{
	(void)state;
	for (int question = 0; question < 256; question++) {
		for (int answer = -1; answer < 256; answer++) {
			int code = pamst_result(
				(enum pamst_question)question, answer);

			assert_int_not_equal(code, PAM_IGNORE);
			assert_true(code >= 0 && code < _PAM_RETURN_VALUES);
			assert_int_equal(code == PAM_SUCCESS,
				may_succeed(question, answer));
		}
	}
}

static void a20_answers_become_the_documented_codes(void **state)
{
	static const struct {
		enum pamst_question question;
		enum pamst_answer answer;
		int code;
	} cases[] = {
		{PAMST_ASK_AUTH, PAMST_WRONG, PAM_AUTH_ERR},
		{PAMST_ASK_AUTH, PAMST_UNKNOWN_USER, PAM_USER_UNKNOWN},
		{PAMST_ASK_AUTH, PAMST_THROTTLED, PAM_MAXTRIES},
		{PAMST_ASK_AUTH, PAMST_DISABLED, PAM_AUTH_ERR},
		{PAMST_ASK_AUTH, PAMST_NOT_PERMITTED, PAM_PERM_DENIED},
		{PAMST_ASK_AUTH, PAMST_UNAVAILABLE, PAM_AUTHINFO_UNAVAIL},
		{PAMST_ASK_AUTH, PAMST_BAD_CONFIG, PAM_SERVICE_ERR},
		{PAMST_ASK_AUTH, PAMST_NONE, PAM_AUTHINFO_UNAVAIL},
		{PAMST_ASK_AUTH, PAMST_NEED_CODE, PAM_AUTHINFO_UNAVAIL},
		{PAMST_ASK_ACCOUNT, PAMST_DISABLED, PAM_ACCT_EXPIRED},
		{PAMST_ASK_ACCOUNT, PAMST_MUST_CHANGE, PAM_NEW_AUTHTOK_REQD},
		{PAMST_ASK_ACCOUNT, PAMST_NOT_PERMITTED, PAM_PERM_DENIED},
		{PAMST_ASK_ACCOUNT, PAMST_UNKNOWN_USER, PAM_USER_UNKNOWN},
		{PAMST_ASK_CHANGE, PAMST_WEAK, PAM_AUTHTOK_ERR},
		{PAMST_ASK_OPEN, PAMST_UNAVAILABLE, PAM_SESSION_ERR},
		{PAMST_ASK_CLOSE, PAMST_NONE, PAM_SESSION_ERR},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(
			pamst_result(cases[i].question, cases[i].answer),
			cases[i].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a33_whole_frames_pass),
		cmocka_unit_test(a33_frames_of_other_shapes_are_no_answer),
		cmocka_unit_test(a33_a_payload_over_the_most_is_not_taken),
		cmocka_unit_test(a33_fields_are_cut_nowhere),
		cmocka_unit_test(a33_fuzzed_payloads_stay_within_bounds),
		cmocka_unit_test(a33_fuzzed_streams_are_mostly_no_answer),
		cmocka_unit_test(a33_a_silent_helper_ends_at_the_deadline),
		cmocka_unit_test(
			a18_only_allow_becomes_success_and_nothing_ignore),
		cmocka_unit_test(a20_answers_become_the_documented_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
