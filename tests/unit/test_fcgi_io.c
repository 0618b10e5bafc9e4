/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include "fcgi_io.h"
#include "fcgi_peer.h"

#include "base/banned.h"

static const char *const params[] = {"REQUEST_METHOD", "GET", "HTTP_COOKIE",
	"a=1", "STAUTH_REQUIRE", "", "HTTP_COOKIE", "a=2", NULL};

static struct gate_io *io;
static int ends[2]; /* ours, the peer's */

static int set_up(void **state)
{
	(void)state;
	io = gate_io_new();
	return io != NULL && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0
		       ? 0
		       : -1;
}

static int tear_down(void **state)
{
	(void)state;
	gate_io_free(io);
	(void)close(ends[1]);
	return 0;
}

static bool begin(int role, bool keep)
{
	struct peer_request request;
	peer_build(&request, role, keep, params);
	assert_int_equal(write(ends[1], request.data, request.len),
		(ssize_t)request.len);
	return gate_io_begin(io, ends[0]);
}

static const char *answer(void)
{
	static char raw[4096];
	return peer_answer(ends[1], raw, sizeof(raw));
}

static void b11_repeated_parameters_can_be_seen(void **state)
{
	(void)state;
	assert_null(gate_io_param(io, "REQUEST_METHOD", 0));
	assert_true(begin(1, true));
	assert_string_equal(gate_io_param(io, "REQUEST_METHOD", 0), "GET");
	assert_null(gate_io_param(io, "REQUEST_METHOD", 1));
	assert_string_equal(gate_io_param(io, "HTTP_COOKIE", 0), "a=1");
	assert_string_equal(gate_io_param(io, "HTTP_COOKIE", 1), "a=2");
	assert_null(gate_io_param(io, "HTTP_COOKIE", 2));
	assert_string_equal(gate_io_param(io, "STAUTH_REQUIRE", 0), "");
	assert_null(gate_io_param(io, "HTTP_COOK", 0));
	assert_string_equal(gate_io_entry(io, 0), "REQUEST_METHOD=GET");
	assert_string_equal(gate_io_entry(io, 3), "HTTP_COOKIE=a=2");
	assert_null(gate_io_entry(io, 4));
	assert_true(gate_io_finish(io));
	(void)close(ends[0]);
}

static void b1_an_answer_without_status_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"Status:",
		"\r\nStatus: 204 No Content\r\n\r\n",
		"Content-Type: text/plain\r\n\r\n",
		"status: 204\r\n\r\n",
		" Status: 204\r\n\r\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(begin(1, true));
		assert_false(gate_io_write(io, bad[i], strlen(bad[i])));
		assert_true(gate_io_finish(io));
		assert_non_null(strstr(
			answer(), "Status: 503 Service Unavailable\r\n\r\n"));
	}
	/* Nothing at all is no answer either. */
	assert_true(begin(1, true));
	assert_true(gate_io_finish(io));
	assert_non_null(strstr(answer(), "Status: 503 "));
	(void)close(ends[0]);
}

static void b19_requests_on_one_connection_stay_apart(void **state)
{
	static const char ok[] = "Status: 204 No Content\r\n\r\n";
	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(begin(1, true));
		assert_true(gate_io_write(io, ok, sizeof(ok) - 1));
		assert_true(gate_io_finish(io));
		assert_null(gate_io_param(io, "REQUEST_METHOD", 0));
		assert_false(gate_io_write(io, ok, sizeof(ok) - 1));
		const char *raw = answer();
		assert_non_null(strstr(raw, "Status: 204"));
		assert_null(strstr(raw, "503"));
	}
	(void)close(ends[0]);
}

static void connection_closes_when_it_is_not_to_be_kept(void **state)
{
	(void)state;
	assert_true(begin(1, false));
	assert_false(gate_io_finish(io));
	assert_int_equal(fcntl(ends[0], F_GETFD), -1);
}

static void b16_other_roles_and_no_request_are_closed(void **state)
{
	(void)state;
	assert_false(begin(2, true));
	assert_int_equal(fcntl(ends[0], F_GETFD), -1);
}

static void a_peer_that_hangs_up_is_closed(void **state)
{
	(void)state;
	(void)shutdown(ends[1], SHUT_WR);
	assert_false(gate_io_begin(io, ends[0]));
	assert_int_equal(fcntl(ends[0], F_GETFD), -1);
	assert_false(gate_io_finish(io));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			b11_repeated_parameters_can_be_seen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			b1_an_answer_without_status_is_refused, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			b19_requests_on_one_connection_stay_apart, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			connection_closes_when_it_is_not_to_be_kept, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			b16_other_roles_and_no_request_are_closed, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_peer_that_hangs_up_is_closed, set_up, tear_down),
	};
	if (!gate_io_init()) {
		return 1;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("fcgi_io", tests, NULL, NULL);
}
