/* SPDX-License-Identifier: MIT */
#ifndef GATE_LOG_H
#define GATE_LOG_H

/*
 * One line on stderr, "fcgi_gate: ...", in one write so that the lines of
 * several workers do not mix. Control bytes become \xNN: what a client or a
 * file brought in never makes a line of its own. Cut at about 1,000 bytes. It
 * does not wait: what stderr cannot take is lost, and the next line counts it.
 */
void gate_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "WHAT PATH: " and what errno means. Returns the exit status, which becomes
 * 77 where the answer was that we may not. */
int gate_fail(int status, const char *what, const char *path);

#endif
