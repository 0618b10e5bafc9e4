/* SPDX-License-Identifier: MIT */
/* What is asked of the person (or script) in front. */
#ifndef CTL_ASK_H
#define CTL_ASK_H

#include "ctl.h"

#include "base/secret.h"

/* Where a password comes from; one of them by the options of the line. */
enum ctl_source {
	CTL_FROM_STDIN,
	CTL_FROM_TERMINAL,
	CTL_GENERATED,
};

/* 64, reported, if the line names two sources, or none without a terminal. */
int ctl_ask_source(const struct ctl *ctl, enum ctl_source *ret_source);

/*
 * Reads one password: from stdin up to the first newline, or from the
 * terminal with echo off (again: a second time, and both must be the same).
 * 0; 65, reported: empty, too long, a byte that no password has, or two that
 * differ; 75: interrupted. The caller wipes *ret_password in any case.
 */
int ctl_ask_password(
	enum ctl_source source, bool again, struct stauth_secret *ret_password);

/* "QUESTION [y/N]" on a terminal, unless --yes; 0 continue, 77 no. Without a
 * terminal nobody is there to ask: continue. */
int ctl_ask_confirm(const struct ctl *ctl, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
