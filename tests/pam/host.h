/* SPDX-License-Identifier: MIT */
/* A PAM host that does what real ones do badly or never. */
#ifndef TEST_PAM_HOST_H
#define TEST_PAM_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include <security/pam_appl.h>

#define REPLIES_MAX 8
#define REPLY_MAX   600
/* Answers travel so masked, that only libpam and the module hold the text. */
#define MASK 0x5a

/* What the conversation answers, and how it fails. */
struct script {
	const char *mode;
	char replies[REPLIES_MAX][REPLY_MAX]; /* masked */
	size_t lens[REPLIES_MAX];
	size_t count;
	size_t asked;
	char planted[REPLY_MAX]; /* in the clear, if the test wants that */
	bool silent;             /* prints nothing: many threads */
};

/* plain: as it is; else pairs of hex digits of the masked bytes. */
void script_add(struct script *script, const char *text, bool plain);
/* Leaves the first answer in memory, for a scan that must find it. */
void script_plant(struct script *script);
struct pam_conv script_conv(struct script *script);

/* What a host may not find changed. */
struct self {
	char actions[65][40];
	char mask[160];
	char cwd[256];
	char fds[4096];
	char children[256];
	unsigned int umask;
	unsigned int alarm_s;
};

void self_look(struct self *ret_self);
/* Prints "state same", or a line for each difference. */
void self_compare(const struct self *before);
/* Prints how often the first answer stands in writable memory. */
void self_scan(const struct script *script);
/* Prints "NAME fds=N threads=N rss_kib=N". */
void self_measure(const char *name);

/* One word of set-up; false if it is none of those. */
bool setup_word(const char *word);
int setup_sigchld_count(void);

#endif
