/* SPDX-License-Identifier: MIT */
/* The rules are supervise.c's. */
#include "crew.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "child.h"
#include "log.h"

#include "base/banned.h"

#define STOP_MAX_MS    10000
#define LIVED_MS       1000 /* who lived so long may be back at once */
#define DELAY_MIN_MS   25
#define DELAY_MAX_MS   800
#define SWEEP_FIRST_MS 5000
#define SWEEP_EVERY_MS 3600000

struct gate_child {
	enum gate_kind kind;
	pid_t pid;         /* 0: not running */
	int64_t end_by_ms; /* 0: wanted; else of an older configuration */
	int64_t started_ms;
	int64_t start_at_ms;
	int64_t delay_ms;
	struct gate_pulse *pulse; /* NULL: not watched */
};

static const char *kind_name(enum gate_kind kind)
{
	static const char *const names[] = {
		[GATE_KIND_CHECK] = "check worker",
		[GATE_KIND_STANDBY] = "check worker",
		[GATE_KIND_PAGES] = "page worker",
		[GATE_KIND_SWEEP] = "sweep",
		[GATE_KIND_MAIL] = "mail worker",
	};
	return names[kind];
}

static void start(struct gate_crew *crew, struct gate_child *child)
{
	child->started_ms = stauth_boot_ms();
	pid_t pid = fork();
	if (pid == 0) {
		gate_child_run(crew->job, crew->pid, child->kind, child->pulse);
	}
	if (pid < 0) {
		gate_log("cannot fork a %s: %s", kind_name(child->kind),
			strerror(errno));
		child->start_at_ms = child->started_ms + DELAY_MAX_MS;
		return;
	}
	child->pid = pid;
	if (child->pulse != NULL) {
		gate_pulse_start(child->pulse);
	}
}

void gate_crew_start_due(struct gate_crew *crew)
{
	int64_t now_ms = stauth_boot_ms();
	for (size_t i = 0; i < crew->count; i++) {
		struct gate_child *child = &crew->children[i];
		if (child->pid == 0 && child->end_by_ms == 0 &&
			now_ms >= child->start_at_ms) {
			start(crew, child);
		}
	}
}

static void plan_next(struct gate_child *child, int64_t now_ms)
{
	if (child->kind == GATE_KIND_SWEEP) {
		child->start_at_ms = now_ms + SWEEP_EVERY_MS;
		return;
	}
	if (now_ms - child->started_ms >= LIVED_MS) {
		child->delay_ms = 0;
	} else if (child->delay_ms < DELAY_MIN_MS) {
		child->delay_ms = DELAY_MIN_MS;
	} else if (child->delay_ms * 2 < DELAY_MAX_MS) {
		child->delay_ms *= 2;
	} else {
		child->delay_ms = DELAY_MAX_MS;
	}
	child->start_at_ms = now_ms + child->delay_ms;
}

static void log_end(const struct gate_child *child, int status)
{
	const char *name = kind_name(child->kind);
	if (WIFSIGNALED(status)) {
		gate_log("%s %d died of signal %d (%s)", name, (int)child->pid,
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	} else if (WEXITSTATUS(status) != 0 ||
		   (child->end_by_ms == 0 && child->kind != GATE_KIND_SWEEP)) {
		gate_log("%s %d ended with status %d", name, (int)child->pid,
			WEXITSTATUS(status));
	}
}

void gate_crew_reap(struct gate_crew *crew)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < crew->count; i++) {
			struct gate_child *child = &crew->children[i];
			if (child->pid == pid) {
				log_end(child, status);
				child->pid = 0;
				plan_next(child, stauth_boot_ms());
			}
		}
	}
}

bool gate_crew_any_left(const struct gate_crew *crew)
{
	for (size_t i = 0; i < crew->count; i++) {
		if (crew->children[i].pid != 0) {
			return true;
		}
	}
	return false;
}

static void end_child(struct gate_child *child, int64_t end_by_ms)
{
	if (child->end_by_ms != 0) {
		return;
	}
	child->end_by_ms = end_by_ms;
	if (child->pid != 0) {
		(void)kill(child->pid, SIGTERM);
	}
}

void gate_crew_kill_late(struct gate_crew *crew)
{
	int64_t now_ms = stauth_boot_ms();
	for (size_t i = 0; i < crew->count; i++) {
		struct gate_child *child = &crew->children[i];
		if (child->pid != 0 && now_ms >= child->end_by_ms &&
			child->end_by_ms != 0) {
			gate_log("%s %d did not end in time and is killed",
				kind_name(child->kind), (int)child->pid);
			child->end_by_ms = INT64_MAX;
			(void)kill(child->pid, SIGKILL);
		}
	}
}

void gate_crew_kill_hung(struct gate_crew *crew)
{
	for (size_t i = 0; i < crew->count; i++) {
		struct gate_child *child = &crew->children[i];
		if (child->pid != 0 && child->pulse != NULL &&
			child->end_by_ms == 0 &&
			gate_pulse_look(child->pulse)) {
			gate_log("%s %d hangs and is killed",
				kind_name(child->kind), (int)child->pid);
			(void)kill(child->pid, SIGKILL);
		}
	}
}

int64_t gate_crew_next_ms(const struct gate_crew *crew)
{
	int64_t next_ms = INT64_MAX;
	for (size_t i = 0; i < crew->count; i++) {
		const struct gate_child *child = &crew->children[i];
		int64_t due_ms = child->end_by_ms;
		if (due_ms == 0) {
			due_ms = child->pid == 0 ? child->start_at_ms
						 : INT64_MAX;
		} else if (child->pid == 0) {
			due_ms = INT64_MAX;
		}
		if (due_ms < next_ms) {
			next_ms = due_ms;
		}
	}
	return next_ms;
}

/* --- who there is */

/* More would only wake each other: the rest stands by (check/loop.c). */
static size_t busy_max(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	return processors < 4 ? 1 : (size_t)processors / 2;
}

static bool add_child(struct gate_crew *crew, enum gate_kind kind)
{
	struct gate_child *children =
		realloc(crew->children, (crew->count + 1) * sizeof(*children));
	if (children == NULL) {
		return false;
	}
	crew->children = children;
	struct gate_child child = {.kind = kind};
	if (kind != GATE_KIND_SWEEP && kind != GATE_KIND_MAIL) {
		child.pulse = gate_pulse_new();
		if (child.pulse == NULL) {
			return false;
		}
	}
	children[crew->count++] = child;
	return true;
}

/* Adds the workers that the configuration wants; none is started yet. */
static bool add_children(struct gate_crew *crew)
{
	const struct stauth_config *config = crew->job->check.config;
	size_t busy = busy_max();
	bool ok = true;
	for (size_t i = 0; ok && i < (size_t)config->check_workers; i++) {
		ok = add_child(
			crew, i < busy ? GATE_KIND_CHECK : GATE_KIND_STANDBY);
	}
	for (int i = 0; ok && i < config->page_workers; i++) {
		ok = add_child(crew, GATE_KIND_PAGES);
	}
	if (ok && config->mail_transport != STAUTH_TRANSPORT_NONE) {
		ok = add_child(crew, GATE_KIND_MAIL);
	}
	return ok;
}

/* From the one at this place on. */
static void forget(struct gate_crew *crew, size_t first)
{
	while (crew->count > first) {
		gate_pulse_free(crew->children[--crew->count].pulse);
	}
}

bool gate_crew_init(struct gate_crew *crew, const struct gate_supervise *job)
{
	*crew = (struct gate_crew){.job = job, .pid = getpid()};
	if (!add_child(crew, GATE_KIND_SWEEP)) {
		return false;
	}
	crew->children[0].start_at_ms = stauth_boot_ms() + SWEEP_FIRST_MS;
	return add_children(crew);
}

void gate_crew_free(struct gate_crew *crew)
{
	forget(crew, 0);
	free(crew->children);
	crew->children = NULL;
}

/* Forgets who was told to end and is gone. */
static void compact(struct gate_crew *crew)
{
	size_t kept = 0;
	for (size_t i = 0; i < crew->count; i++) {
		const struct gate_child *child = &crew->children[i];
		if (child->pid != 0 || child->end_by_ms == 0) {
			crew->children[kept++] = *child;
		} else {
			gate_pulse_free(child->pulse);
		}
	}
	crew->count = kept;
}

bool gate_crew_renew(struct gate_crew *crew)
{
	compact(crew);
	size_t old_count = crew->count;
	if (!add_children(crew)) {
		forget(crew, old_count);
		return false;
	}
	gate_crew_start_due(crew);
	int64_t end_by_ms = stauth_boot_ms() + STOP_MAX_MS;
	for (size_t i = 0; i < old_count; i++) {
		/* A sweep that runs may finish: it is soon over. */
		if (crew->children[i].kind != GATE_KIND_SWEEP) {
			end_child(&crew->children[i], end_by_ms);
		}
	}
	return true;
}

void gate_crew_end(struct gate_crew *crew)
{
	int64_t end_by_ms = stauth_boot_ms() + STOP_MAX_MS;
	for (size_t i = 0; i < crew->count; i++) {
		end_child(&crew->children[i], end_by_ms);
	}
}
