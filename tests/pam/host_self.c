/* SPDX-License-Identifier: MIT */
/* What the host looks like from inside: before and after a log-in. */
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"

static volatile sig_atomic_t sigchld_count;

static void count_sigchld(int sig)
{
	(void)sig;
	sigchld_count++;
}

int setup_sigchld_count(void)
{
	return sigchld_count;
}

static void ignore_int(int sig)
{
	(void)sig;
}

static void look_at_signals(struct self *self)
{
	struct sigaction action;

	for (int sig = 1; sig < 65; sig++) {
		memset(&action, 0, sizeof(action));
		sigaction(sig, NULL, &action);
		snprintf(self->actions[sig], sizeof(*self->actions), "%p %x",
			(void *)(size_t)action.sa_handler,
			(unsigned int)action.sa_flags);
	}
	sigset_t mask;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int sig = 1; sig < 65; sig++) {
		self->mask[sig] = sigismember(&mask, sig) == 1 ? '1' : '0';
	}
	self->mask[0] = ' ';
}

/* "0=/dev/null 1=pipe:[7] "; asks each number, so that it needs none. */
static void look_at_fds(struct self *self)
{
	size_t len = 0;

	for (int fd = 0; fd < 256; fd++) {
		char link[64];
		char to[200] = "";

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		if (readlink(link, to, sizeof(to) - 1) > 0) {
			len += (size_t)snprintf(self->fds + len,
				sizeof(self->fds) - len, "%d=%s:%x ", fd, to,
				(unsigned int)fcntl(fd, F_GETFL));
		}
	}
}

static void look_at_children(struct self *self)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/children",
		(int)getpid());
	FILE *in = fopen(path, "re");
	if (in != NULL) {
		(void)fread(self->children, 1, sizeof(self->children) - 1, in);
		fclose(in);
	} else {
		snprintf(self->children, sizeof(self->children), "not seen");
	}
}

void self_look(struct self *ret_self)
{
	struct self self = {0};

	look_at_signals(&self);
	look_at_fds(&self);
	look_at_children(&self);
	(void)getcwd(self.cwd, sizeof(self.cwd));
	self.umask = umask(0);
	umask((mode_t)self.umask);
	self.alarm_s = alarm(0);
	alarm(self.alarm_s);
	*ret_self = self;
}

static bool differs(const char *what, const char *before, const char *after)
{
	if (strcmp(before, after) != 0) {
		printf("state %s: %s -> %s\n", what, before, after);
		return true;
	}
	return false;
}

void self_compare(const struct self *before)
{
	struct self now;

	self_look(&now);
	bool other = false;
	for (int sig = 1; sig < 65; sig++) {
		other |= differs(
			"action", before->actions[sig], now.actions[sig]);
	}
	other |= differs("mask", before->mask, now.mask);
	other |= differs("cwd", before->cwd, now.cwd);
	other |= differs("fds", before->fds, now.fds);
	other |= differs("children", before->children, now.children);
	if (before->umask != now.umask ||
		(before->alarm_s != 0) != (now.alarm_s != 0)) {
		printf("state umask or alarm\n");
		other = true;
	}
	if (waitpid(-1, NULL, WNOHANG | __WALL) != -1 || errno != ECHILD) {
		printf("state a child is left\n");
		other = true;
	}
	if (!other) {
		printf("state same\n");
	}
}

/* A block that was freed has its first bytes written over by malloc: of a
 * long answer the rest is looked for. */
#define OVERWRITTEN 16
#define LONG_ANSWER 40

static size_t count_in(
	const char *at, const char *end, const struct script *script)
{
	size_t found = 0;
	size_t skip = script->lens[0] >= LONG_ANSWER ? OVERWRITTEN : 0;
	size_t len = script->lens[0] - skip;
	const char *want = script->replies[0] + skip;

	for (; at + len <= end; at++) {
		size_t same = 0;

		while (same < len && (char)(at[same] ^ MASK) == want[same]) {
			same++;
		}
		if (same == len) {
			found++;
			printf("found at %p\n", (const void *)at);
		}
	}
	return found;
}

void self_scan(const struct script *script)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	size_t found = 0;
	size_t bytes = 0;
	char line[512];

	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
		unsigned long from;
		unsigned long to;

		if (sscanf(line, "%lx-%lx rw", &from, &to) == 2 &&
			strstr(line, " rw") != NULL &&
			strstr(line, "[v") == NULL) {
			found += count_in(
				(const char *)from, (const char *)to, script);
			bytes += to - from;
		}
	}
	if (maps != NULL) {
		fclose(maps);
	}
	printf("scan %zu %zu\n", found, bytes);
}

void self_measure(const char *name)
{
	unsigned int threads = 0;
	unsigned int rss_kib = 0;
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];

	while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
		(void)sscanf(line, "Threads: %u", &threads);
		(void)sscanf(line, "VmRSS: %u", &rss_kib);
	}
	if (status != NULL) {
		fclose(status);
	}
	unsigned int fds = 0;
	for (int fd = 0; fd < 256; fd++) {
		fds += fcntl(fd, F_GETFD) >= 0;
	}
	printf("%s fds=%u threads=%u rss_kib=%u\n", name, fds, threads,
		rss_kib);
}

static bool limit(
	const char *word, const char *name, int what, unsigned long unit)
{
	char form[32];

	snprintf(form, sizeof(form), "%s=%%lu", name);
	unsigned long value;
	if (strncmp(word, name, strlen(name)) != 0 ||
		sscanf(word + strlen(name), "=%lu", &value) != 1) {
		return false;
	}
	struct rlimit both;
	both.rlim_cur = both.rlim_max = value * unit;
	if (setrlimit((__rlimit_resource_t)what, &both) != 0) {
		abort();
	}
	return true;
}

static bool signal_word(const char *word)
{
	sigset_t all;

	if (strcmp(word, "sigchld=ignore") == 0) {
		(void)signal(SIGCHLD, SIG_IGN);
	} else if (strcmp(word, "sigchld=count") == 0) {
		(void)signal(SIGCHLD, count_sigchld);
	} else if (strcmp(word, "sigint") == 0) {
		(void)signal(SIGINT, ignore_int);
	} else if (strcmp(word, "block") == 0) {
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
	} else if (strcmp(word, "alarm") == 0) {
		alarm(600);
	} else {
		return false;
	}
	return true;
}

bool setup_word(const char *word)
{
	if (signal_word(word) || limit(word, "nofile", RLIMIT_NOFILE, 1) ||
		limit(word, "nproc", RLIMIT_NPROC, 1) ||
		limit(word, "as_mib", RLIMIT_AS, 1UL << 20)) {
		return true;
	}
	unsigned int uid;
	if (strcmp(word, "umask") == 0) {
		umask(0);
	} else if (sscanf(word, "ruid=%u", &uid) == 1) {
		/* As su has it: the caller's real ids, root's rights. */
		if (setresgid(uid, 0, 0) != 0 || setresuid(uid, 0, 0) != 0) {
			abort();
		}
	} else if (sscanf(word, "uid=%u", &uid) == 1) {
		if (setresgid(uid, uid, uid) != 0 ||
			setresuid(uid, uid, uid) != 0) {
			abort();
		}
	} else {
		return false;
	}
	return true;
}
