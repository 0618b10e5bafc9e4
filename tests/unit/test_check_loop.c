/* SPDX-License-Identifier: MIT */
/* The loop with a store that answers later: late_check.h. */
#include "unit.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "fcgi_io.h"
#include "fcgi_peer.h"
#include "late_check.h"
#include "worker.h"

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

static int run_worker(int listen_fd, bool stands_by)
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
		.stands_by = stands_by,
		.stop = &stop,
		.open_store = open_late};
	int status = gate_check_run(&worker);
	free(config);
	return status;
}

static pid_t fork_worker(int listen_fd, bool stands_by)
{
	pid_t pid = fork();
	if (pid == 0) {
		(void)alarm(20); /* one that no SIGTERM ends is a failure */
		_exit(run_worker(listen_fd, stands_by));
	}
	return pid;
}

static int start(void **state, bool busy, bool stands_by)
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
	gate.pids[0] = busy ? fork_worker(fd, false) : 0;
	gate.pids[1] = stands_by ? fork_worker(fd, true) : 0;
	(void)close(fd);
	*state = &gate;
	return gate.pids[0] < 0 || gate.pids[1] < 0 ? -1 : 0;
}

static int set_up(void **state)
{
	return start(state, true, false);
}

static int set_up_twice(void **state)
{
	late.answers = TWICE;
	return start(state, true, false);
}

static int set_up_at_once_and_late(void **state)
{
	late.answers = AT_ONCE_AND_LATE;
	return start(state, true, false);
}

static int set_up_standby(void **state)
{
	return start(state, false, true);
}

static int set_up_both(void **state)
{
	return start(state, true, true);
}

static int tear_down(void **state)
{
	struct gate *gate = *state;
	int status = 0;
	late.answers = ONCE;
	for (int i = 0; i < 2; i++) {
		int ended = 0;
		if (gate->pids[i] > 0) {
			(void)kill(gate->pids[i], SIGCONT);
			(void)kill(gate->pids[i], SIGTERM);
			(void)waitpid(gate->pids[i], &ended, 0);
		}
		status |= ended;
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

/* The sockets of this process: what it listens on, and its connections. */
static int sockets_of(pid_t pid)
{
	char path[64];
	char target[64];
	const struct dirent *entry;
	int count = 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		ssize_t len = readlinkat(
			dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		count += len > 7 && memcmp(target, "socket:", 7) == 0 ? 1 : 0;
	}
	(void)closedir(dir);
	return count;
}

static void who_stands_by_answers_what_lay_waiting(void **state)
{
	int fd = connect_to(*state);
	for (char token = 'A'; token < 'D'; token++) {
		ask_on(fd, token);
		assert_int_equal(user_of_answer(fd), user_of_token(token));
	}
	(void)close(fd);
}

/* How many of ten connections come to who stands by. */
static int taken_of_ten(const struct gate *gate)
{
	int fds[10];
	int before = sockets_of(gate->pids[1]);
	for (int i = 0; i < 10; i++) {
		fds[i] = ask(gate, 'A');
		assert_int_equal(user_of_answer(fds[i]), user_of_token('A'));
	}
	int taken = sockets_of(gate->pids[1]) - before;
	for (int i = 0; i < 10; i++) {
		(void)close(fds[i]);
	}
	(void)usleep(20000); /* they have seen that */
	return taken;
}

/* A machine with other things to do leaves one waiting now and then. */
static void who_stands_by_leaves_the_rest_to_the_others(void **state)
{
	int taken = 10;
	for (int tries = 0; tries < 3 && taken > 1; tries++) {
		taken = taken_of_ten(*state);
	}
	assert_true(taken <= 1);
}

static void x3_who_stands_by_answers_while_the_other_hangs(void **state)
{
	struct gate *gate = *state;
	for (int tries = 0; tries < 20 && taken_of_ten(gate) == 10; tries++) {
	}
	(void)kill(gate->pids[0], SIGSTOP);
	assert_int_equal(taken_of_ten(gate), 10);
	(void)kill(gate->pids[0], SIGCONT);
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
			who_stands_by_answers_what_lay_waiting, set_up_standby,
			tear_down),
		cmocka_unit_test_setup_teardown(
			who_stands_by_leaves_the_rest_to_the_others,
			set_up_both, tear_down),
		cmocka_unit_test_setup_teardown(
			x3_who_stands_by_answers_while_the_other_hangs,
			set_up_both, tear_down),
	};
	return cmocka_run_group_tests_name("check_loop", tests, NULL, NULL);
}
