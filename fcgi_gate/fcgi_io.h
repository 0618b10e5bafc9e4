/* SPDX-License-Identifier: MIT */
#ifndef GATE_FCGI_IO_H
#define GATE_FCGI_IO_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The gate's view of one FastCGI request. fcgi_io.c is the only file that
 * knows libfcgi; one gate_io serves one request at a time, and may be used
 * again for the next.
 */
struct gate_io;

/* Once a process, before anything else here. false: libfcgi refused. The
 * caller installs its signal handlers afterwards (libfcgi sets its own). */
bool gate_io_init(void);
/* NULL: out of memory. */
struct gate_io *gate_io_new(void);
void gate_io_free(struct gate_io *io);

/* Page workers: waits for a connection on the listening socket, wait_ms at
 * most, and reads the request's parameters. false: nobody came, the peer sent
 * no request, or *stop is set, which SIGTERM does. */
bool gate_io_accept(struct gate_io *io, int listen_fd, int64_t wait_ms,
	const volatile sig_atomic_t *stop);
/* Check workers, who own their connections: reads one request from fd, which
 * has input waiting. false: no request came; fd is closed then. */
bool gate_io_begin(struct gate_io *io, int fd);
/* Ends the answer. For gate_io_begin: true if the connection stays open for
 * another request, false if it is closed. */
bool gate_io_finish(struct gate_io *io);

/*
 * The nth (from 0) parameter of this name; NULL if there are not so many. A
 * parameter may come twice, and who looks at the first alone is fooled.
 * Borrowed until finish.
 */
const char *gate_io_param(
	const struct gate_io *io, const char *name, size_t nth);
/* The ith parameter as "NAME=value"; NULL after the last. One pass over all is
 * cheaper than asking for each name. Borrowed until finish. */
const char *gate_io_entry(const struct gate_io *io, size_t i);
/* Reads at most size bytes of the body; 0: there is no more. */
size_t gate_io_read(struct gate_io *io, void *data, size_t size);
/* Adds to the answer, which begins with "Status: "; refuses (false) to begin
 * it with anything else, because nginx takes such an answer for 200. */
bool gate_io_write(struct gate_io *io, const void *data, size_t len);

#endif
