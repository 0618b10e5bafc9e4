/* SPDX-License-Identifier: MIT */
/* The loop with a store that answers later: late_check.h. */
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "check/loop.h"
#include "fcgi_io.h"
#include "fcgi_peer.h"
#include "late_check.h"

#include "base/banned.h"

static volatile sig_atomic_t stop;

static void on_stop(int signo)
{
	(void)signo;
	stop = 1;
}

struct gate {
	pid_t pids[2]; /* 0: none */
	struct sockaddr_un addr;
};

static int run_worker(int listen_fd)
{
	struct stauth_config *config = calloc(1, sizeof(*config));
	struct sigaction action = {.sa_handler = on_stop};
	if (config == NULL || !gate_io_init()) {
		return 1;
	}
	(void)sigaction(SIGTERM, &action, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)snprintf(config->cookie_name, sizeof(config->cookie_name), "c");
	struct gate_worker worker = {.config = config,
		.listen_fd = listen_fd,
		.touch_fd = -1,
		.stop = &stop};
	late.check.ops = &late_ops;
	int status = gate_check_serve(&worker, &late.check);
	free(config);
	return status;
}

static int start(void **state, int workers)
{
	static struct gate gate;
	/* An abstract name that the kernel picks. */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof(gate.addr);
	gate = (struct gate){.addr.sun_family = AF_UNIX};
	if (fd < 0 ||
		bind(fd, (struct sockaddr *)&gate.addr, sizeof(sa_family_t)) !=
			0 ||
		getsockname(fd, (struct sockaddr *)&gate.addr, &len) != 0 ||
		listen(fd, 16) != 0) {
		return -1;
	}
	for (int i = 0; i < workers; i++) {
		gate.pids[i] = fork();
		if (gate.pids[i] == 0) {
			_exit(run_worker(fd));
		}
		if (gate.pids[i] < 0) {
			return -1;
		}
	}
	(void)close(fd);
	*state = &gate;
	return 0;
}

static int set_up(void **state)
{
	return start(state, 1);
}

static int set_up_two(void **state)
{
	return start(state, 2);
}

static int set_up_twice(void **state)
{
	late.answers = TWICE;
	return start(state, 1);
}

static int set_up_at_once_and_late(void **state)
{
	late.answers = AT_ONCE_AND_LATE;
	return start(state, 1);
}

/* One that no SIGTERM ends is killed, and a failure. */
static int end_of(pid_t pid)
{
	int status = 0;
	(void)kill(pid, SIGCONT);
	(void)kill(pid, SIGTERM);
	for (int i = 0; i < 500 && waitpid(pid, &status, WNOHANG) == 0; i++) {
		(void)usleep(10000);
		if (i == 499) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, &status, 0);
		}
	}
	return status;
}

static int tear_down(void **state)
{
	const struct gate *gate = *state;
	int status = 0;
	late.answers = ONCE;
	for (int i = 0; i < 2; i++) {
		status |= gate->pids[i] > 0 ? end_of(gate->pids[i]) : 0;
	}
	return status;
}

static int connect_to(const struct gate *gate)
{
	const struct timeval limit = {.tv_sec = 10};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	/* The kernel's own names are five digits after a NUL. */
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 6);
	assert_int_equal(
		connect(fd, (const struct sockaddr *)&gate->addr, len), 0);
	return fd;
}

static void ask_on(int fd, char token)
{
	struct peer_request request;
	char cookie[] = "c=00000000000000000000000000000000";
	const char *const params[] = {
		"REQUEST_METHOD", "GET", "HTTP_COOKIE", cookie, NULL};
	cookie[sizeof(cookie) - 2] = token;
	peer_build(&request, 1, true, params);
	assert_int_equal(
		write(fd, request.data, request.len), (ssize_t)request.len);
}

static int ask(const struct gate *gate, char token)
{
	int fd = connect_to(gate);
	ask_on(fd, token);
	return fd;
}

/* Who the answer is for; 0: it is no yes. */
static char user_of_answer(int fd)
{
	char raw[4096];
	const char *user =
		strstr(peer_answer(fd, raw, sizeof(raw)), "X-Auth-User: ");
	return user == NULL ? '\0' : user[strlen("X-Auth-User: ")];
}

static char user_of_token(char token)
{
	char text[] = "00000000000000000000000000000000";
	uint8_t hash[32];
	text[sizeof(text) - 2] = token;
	assert_true(stauth_sha256(text, sizeof(text) - 1, hash));
	return (char)('a' + hash[31] % 26);
}

static void late_answers_reach_who_asked(void **state)
{
	int fds[8];
	for (int i = 0; i < 8; i++) {
		fds[i] = ask(*state, (char)('A' + i));
	}
	for (int i = 0; i < 8; i++) {
		assert_int_equal(
			user_of_answer(fds[i]), user_of_token((char)('A' + i)));
		(void)close(fds[i]);
	}
}

static void a_kept_connection_is_served_again(void **state)
{
	int fd = connect_to(*state);
	for (char token = 'A'; token < 'D'; token++) {
		ask_on(fd, token);
		assert_int_equal(user_of_answer(fd), user_of_token(token));
	}
	(void)close(fd);
}

static void a_peer_that_left_harms_nobody(void **state)
{
	for (int round = 0; round < 3; round++) {
		(void)close(ask(*state, 'A'));
		int second = ask(*state, 'B');
		(void)close(ask(*state, 'C'));
		int fourth = ask(*state, 'D');
		assert_int_equal(user_of_answer(second), user_of_token('B'));
		assert_int_equal(user_of_answer(fourth), user_of_token('D'));
		(void)close(second);
		(void)close(fourth);
	}
}

/* nginx hands one connection from user to user: what a store says twice must
 * not reach the next one. */
static void s9_a_second_answer_reaches_nobody(void **state)
{
	int fd = connect_to(*state);
	for (char token = 'A'; token < 'E'; token++) {
		ask_on(fd, token);
		assert_int_equal(user_of_answer(fd), user_of_token(token));
	}
	(void)close(fd);
}

static void s9_an_answer_nobody_waits_for_harms_nobody(void **state)
{
	int fd = connect_to(*state);
	for (char token = 'A'; token < 'D'; token++) {
		ask_on(fd, token);
		assert_int_equal(user_of_answer(fd), user_of_token(token));
		(void)usleep(2 * LATER_MS * 1000);
	}
	(void)close(fd);
}

static void a_stop_waits_for_the_answers_to_come(void **state)
{
	struct gate *gate = *state;
	int status = 1;
	int fd = ask(gate, 'A');
	(void)usleep(LATER_MS * 1000 / 3);
	(void)kill(gate->pids[0], SIGTERM);
	assert_int_equal(user_of_answer(fd), user_of_token('A'));
	(void)close(fd);
	assert_int_equal(waitpid(gate->pids[0], &status, 0), gate->pids[0]);
	assert_int_equal(status, 0);
	gate->pids[0] = 0;
}

/* Whichever of two hangs, the other one takes all that come. */
static void x3_one_that_hangs_holds_up_nobody(void **state)
{
	const struct gate *gate = *state;
	for (int hung = 0; hung < 2; hung++) {
		(void)usleep(50000); /* both wait for somebody */
		(void)kill(gate->pids[hung], SIGSTOP);
		for (int i = 0; i < 10; i++) {
			int fd = ask(gate, 'A');
			assert_int_equal(
				user_of_answer(fd), user_of_token('A'));
			(void)close(fd);
		}
		(void)kill(gate->pids[hung], SIGCONT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			late_answers_reach_who_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_kept_connection_is_served_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_peer_that_left_harms_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			s9_a_second_answer_reaches_nobody, set_up_twice,
			tear_down),
		cmocka_unit_test_setup_teardown(
			s9_an_answer_nobody_waits_for_harms_nobody,
			set_up_at_once_and_late, tear_down),
		cmocka_unit_test_setup_teardown(
			a_stop_waits_for_the_answers_to_come, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			x3_one_that_hangs_holds_up_nobody, set_up_two,
			tear_down),
	};
	return cmocka_run_group_tests_name("check_loop", tests, NULL, NULL);
}
