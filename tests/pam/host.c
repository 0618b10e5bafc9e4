/* SPDX-License-Identifier: MIT */
/*
 * host CONFDIR WORD...
 *
 * Does what the words say, in order, and prints what came of each:
 *
 *   service=NAME user=NAME rhost=ADDRESS   before start
 *   reply=TEXT hidden=HEX conv=MODE        what the conversation answers
 *   sigchld=.. block alarm umask nofile=N  see host_self.c
 *   start end auth silent_auth setcred acct open close change user
 *   save compare plant scan measure=NAME asked         what the host sees of
 * itself fork=WORD threads=N cycles=N noconvitem close012
 */
#include "host.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"

#define THREADS_MAX 64

struct host {
	const char *confdir;
	const char *service;
	const char *user;
	const char *rhost;
	struct script script;
	struct pam_conv conv;
	pam_handle_t *pamh;
	struct self before;
};

struct job {
	pthread_t thread;
	const struct host *host;
	int number;
	int code;
};

/* Set: the module finds no conversation at all. libpam's own start would
 * refuse that, so this program stands before it. */
static bool no_conv_item;

int pam_get_item(const pam_handle_t *pamh, int item_type, const void **item)
{
	int (*real)(const pam_handle_t *, int, const void **);
	void *found = dlsym(RTLD_NEXT, "pam_get_item");

	memcpy(&real, &found, sizeof(real));
	if (no_conv_item && item_type == PAM_CONV) {
		*item = NULL;
		return PAM_SUCCESS;
	}
	return real(pamh, item_type, item);
}

static int start(struct host *host)
{
	host->conv = script_conv(&host->script);
	int code = pam_start_confdir(host->service, host->user, &host->conv,
		host->confdir, &host->pamh);
	if (code == PAM_SUCCESS && host->rhost != NULL) {
		code = pam_set_item(host->pamh, PAM_RHOST, host->rhost);
	}
	return code;
}

/* Odd threads have a wrong password, and a user of their own eight; the even
 * ones are two users, for over 20 tries at one account that are under way at
 * once are throttled, right ones too. */
static void *one_of_many(void *data)
{
	struct job *job = data;
	struct host host = *job->host;
	char user[32];

	if (job->number % 2) {
		host.script.replies[0][0] ^= 1;
		snprintf(user, sizeof(user), "bob%d", job->number / 2 % 4);
		host.user = user;
	} else if (job->number % 4 == 2) {
		host.user = "carol";
	}
	char rhost[32];
	snprintf(rhost, sizeof(rhost), "198.51.100.%d", job->number);
	host.rhost = rhost;
	host.script.silent = true;
	job->code = start(&host);
	if (job->code == PAM_SUCCESS) {
		job->code = pam_authenticate(host.pamh, 0);
		(void)pam_end(host.pamh, job->code);
	}
	return NULL;
}

static void many_threads(const struct host *host, int count)
{
	static struct job jobs[THREADS_MAX];

	for (int i = 0; i < count && i < THREADS_MAX; i++) {
		jobs[i] = (struct job){.host = host, .number = i};
		if (pthread_create(&jobs[i].thread, NULL, one_of_many,
			    &jobs[i]) != 0) {
			abort();
		}
	}
	for (int i = 0; i < count && i < THREADS_MAX; i++) {
		(void)pthread_join(jobs[i].thread, NULL);
		printf("thread %d\n", jobs[i].code);
	}
}

/* libpam opens the module at the first call and closes it in pam_end. */
static void many_cycles(struct host *host, int count)
{
	for (int i = 0; i < count; i++) {
		int code = start(host);

		if (code == PAM_SUCCESS) {
			code = pam_setcred(host->pamh, 0);
			(void)pam_end(host->pamh, code);
		}
		if (code != PAM_SUCCESS) {
			printf("cycle %d\n", code);
			return;
		}
	}
	printf("cycles 0\n");
}

static bool set_word(struct host *host, const char *word)
{
	if (strncmp(word, "service=", 8) == 0) {
		host->service = word + 8;
	} else if (strncmp(word, "user=", 5) == 0) {
		host->user = word[5] ? word + 5 : NULL;
	} else if (strncmp(word, "rhost=", 6) == 0) {
		host->rhost = word + 6;
	} else if (strncmp(word, "reply=", 6) == 0) {
		script_add(&host->script, word + 6, true);
	} else if (strncmp(word, "hidden=", 7) == 0) {
		script_add(&host->script, word + 7, false);
	} else if (strncmp(word, "conv=", 5) == 0) {
		host->script.mode = word + 5;
	} else if (strcmp(word, "forget") == 0) {
		host->script.count = host->script.asked = 0;
	} else if (strcmp(word, "noconvitem") == 0) {
		no_conv_item = true;
	} else if (strcmp(word, "close012") == 0) {
		/* What is printed goes where it was, but as no 0, 1 or 2. */
		int out = fcntl(1, F_DUPFD_CLOEXEC, 10);

		close(0);
		close(1);
		close(2);
		stdout = fdopen(out, "w");
	} else {
		return false;
	}
	return true;
}

static int end(struct host *host)
{
	int code = pam_end(host->pamh, PAM_SUCCESS);

	host->pamh = NULL;
	return code;
}

/* The code of a word that is a call of PAM; -1: it is none. */
static int pam_word(struct host *host, const char *word)
{
	static const struct {
		const char *word;
		int (*call)(pam_handle_t *, int);
		int flags;
	} calls[] = {
		{"auth", pam_authenticate, 0},
		{"silent_auth", pam_authenticate, PAM_SILENT},
		{"setcred", pam_setcred, PAM_ESTABLISH_CRED},
		{"acct", pam_acct_mgmt, 0},
		{"open", pam_open_session, 0},
		{"close", pam_close_session, 0},
		{"change", pam_chauthtok, 0},
	};

	if (strcmp(word, "start") == 0) {
		return start(host);
	}
	if (strcmp(word, "end") == 0) {
		return end(host);
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (strcmp(word, calls[i].word) == 0) {
			return calls[i].call(host->pamh, calls[i].flags);
		}
	}
	return -1;
}

static bool self_word(struct host *host, const char *word)
{
	if (strcmp(word, "save") == 0) {
		self_look(&host->before);
	} else if (strcmp(word, "compare") == 0) {
		self_compare(&host->before);
		printf("sigchld %d\n", setup_sigchld_count());
	} else if (strcmp(word, "scan") == 0) {
		self_scan(&host->script);
	} else if (strncmp(word, "measure=", 8) == 0) {
		self_measure(word + 8);
	} else if (strcmp(word, "user") == 0) {
		const void *user = NULL;

		(void)pam_get_item(host->pamh, PAM_USER, &user);
		printf("user %s\n", user != NULL ? (const char *)user : "");
	} else if (strcmp(word, "plant") == 0) {
		script_plant(&host->script);
	} else if (strcmp(word, "asked") == 0) {
		printf("asked %zu\n", host->script.asked);
	} else {
		return false;
	}
	return true;
}

static void do_word(struct host *host, const char *word);

static void in_a_child(struct host *host, const char *word)
{
	(void)fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		do_word(host, word);
		do_word(host, "end");
		(void)fflush(stdout);
		_exit(0);
	}
	(void)waitpid(pid, NULL, 0);
}

static void do_word(struct host *host, const char *word)
{
	if (set_word(host, word) || setup_word(word) || self_word(host, word)) {
		return;
	}
	int count;
	int code;
	if (strncmp(word, "fork=", 5) == 0) {
		in_a_child(host, word + 5);
	} else if (sscanf(word, "threads=%d", &count) == 1) {
		many_threads(host, count);
	} else if (sscanf(word, "cycles=%d", &count) == 1) {
		many_cycles(host, count);
	} else if ((code = pam_word(host, word)) >= 0) {
		printf("%s %d\n", word, code);
	} else {
		printf("unknown word %s\n", word);
		exit(64);
	}
}

int main(int argc, char **argv)
{
	static struct host host = {
		.service = "stauth", .user = "alice", .script.mode = "ok"};

	if (argc < 2) {
		return 64;
	}
	host.confdir = argv[1];
	for (int i = 2; i < argc; i++) {
		do_word(&host, argv[i]);
	}
	(void)fflush(stdout);
	return 0;
}
