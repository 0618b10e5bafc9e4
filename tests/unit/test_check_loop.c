/* SPDX-License-Identifier: MIT */
/* The loop with a store that answers later, as one over a network would. */
#include "unit.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "fcgi_io.h"
#include "fcgi_peer.h"
#include "store/state.h"
#include "worker.h"

#include "base/banned.h"

#define LATER_MS    60
#define WAITING_MAX 16

struct late_check {
	struct stauth_check check;
	struct {
		uint64_t tag;
		char user; /* the last character of the token's hash, folded */
	} waiting[WAITING_MAX];
	size_t count;
	int64_t ready_ms;
	bool ready;
};

static volatile sig_atomic_t stop;
static struct late_check late;

static void on_stop(int signo)
{
	(void)signo;
	stop = 1;
}

static int64_t late_now(struct stauth_check *check)
{
	(void)check;
	return stauth_wall_s();
}

static int late_pollfd(struct stauth_check *check)
{
	(void)check;
	return -1;
}

static int64_t late_next_ms(struct stauth_check *check)
{
	(void)check;
	return late.count > 0 ? late.ready_ms : INT64_MAX;
}

static void late_tick(struct stauth_check *check, int64_t boot_ms)
{
	(void)check;
	late.ready = late.count > 0 && boot_ms >= late.ready_ms;
}

static enum stauth_rc late_submit(struct stauth_check *check,
	const uint8_t token_hash[32], int64_t idle_s, uint64_t tag,
	struct stauth_check_done *ret_done)
{
	(void)check;
	(void)idle_s;
	(void)ret_done;
	if (late.count == WAITING_MAX) {
		return STAUTH_EUNREACHABLE;
	}
	if (late.count == 0) {
		late.ready_ms = stauth_boot_ms() + LATER_MS;
	}
	late.waiting[late.count].tag = tag;
	late.waiting[late.count].user = (char)('a' + token_hash[31] % 26);
	late.count++;
	return STAUTH_PENDING;
}

static void late_flush(struct stauth_check *check)
{
	(void)check;
}

/* Last asked, first answered. */
static size_t late_reap(struct stauth_check *check,
	struct stauth_check_done *ret_done, size_t max)
{
	(void)check;
	if (!late.ready || late.count == 0 || max == 0) {
		late.ready = false;
		return 0;
	}
	late.count--;
	memset(ret_done, 0, sizeof(*ret_done));
	ret_done->tag = late.waiting[late.count].tag;
	ret_done->verdict = STAUTH_ALLOW;
	ret_done->session.user[0] = late.waiting[late.count].user;
	ret_done->session.last_seen_at = stauth_wall_s();
	memcpy(ret_done->session.handle, "0123456789abcdef", STAUTH_HANDLE_LEN);
	return 1;
}

static const struct stauth_check_ops late_ops = {
	.now = late_now,
	.pollfd = late_pollfd,
	.next_ms = late_next_ms,
	.tick = late_tick,
	.submit = late_submit,
	.flush = late_flush,
	.reap = late_reap,
};

static enum stauth_rc open_late(const struct stauth_config *config,
	enum stauth_store_role role, struct stauth_store *ret_store,
	struct stauth_err *err)
{
	(void)config;
	(void)role;
	(void)err;
	memset(ret_store, 0, sizeof(*ret_store));
	late.check.ops = &late_ops;
	ret_store->check = &late.check;
	return STAUTH_OK;
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
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
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
