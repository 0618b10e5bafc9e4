/* SPDX-License-Identifier: MIT */
#include "ask.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "args.h"
#include "base/text.h"
#include "result.h"
#include "text.h"

#include "base/banned.h"

/* A line of input: one byte more than a password may have, to see that. */
struct line {
	size_t len;
	char data[STAUTH_PASSWORD_MAX + 2];
};

/* A terminal whose echo is off, and the signals that must not end us before
 * it is on again. */
struct quiet_tty {
	int signal_fd; /* -1: stdin is no terminal */
	sigset_t old_mask;
	struct termios old_tty;
};

int ctl_ask_source(const struct ctl *ctl, enum ctl_source *ret_source)
{
	bool from_stdin = ctl->opt[CTL_PASSWORD_STDIN] != NULL;
	bool generate = ctl->opt[CTL_GENERATE] != NULL;

	if (from_stdin && generate) {
		return ctl_usage(CTL_TEXT_OPTIONS_EXCLUDE,
			ctl_opt_name(CTL_PASSWORD_STDIN),
			ctl_opt_name(CTL_GENERATE));
	}
	if (!from_stdin && !generate && !isatty(STDIN_FILENO)) {
		return ctl_usage(CTL_TEXT_NO_TERMINAL,
			(ctl->command->options & CTL_BIT(CTL_GENERATE))
				? CTL_TEXT_OR_GENERATE
				: "");
	}
	*ret_source = from_stdin ? CTL_FROM_STDIN
		      : generate ? CTL_GENERATED
				 : CTL_FROM_TERMINAL;
	return EX_OK;
}

static void echo_off(struct quiet_tty *tty)
{
	tty->signal_fd = -1;
	if (tcgetattr(STDIN_FILENO, &tty->old_tty)) {
		return;
	}
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGQUIT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGTSTP);
	tty->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC);
	if (tty->signal_fd < 0) {
		return;
	}
	sigprocmask(SIG_BLOCK, &mask, &tty->old_mask);
	struct termios quiet = tty->old_tty;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
}

/* A signal that came in between is still pending and does its work as the mask
 * falls: the shell sees what it expects. */
static void echo_on(const struct quiet_tty *tty)
{
	if (tty->signal_fd < 0) {
		return;
	}
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &tty->old_tty);
	close(tty->signal_fd);
	sigprocmask(SIG_SETMASK, &tty->old_mask, NULL);
}

/* false: a signal came first, or stdin cannot be waited for. */
static bool wait_for_input(int signal_fd)
{
	struct pollfd fds[2] = {
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = signal_fd, .events = POLLIN},
	};

	while (poll(fds, 2, -1) < 0) {
		if (errno != EINTR) {
			return false;
		}
	}
	return !(fds[1].revents & POLLIN);
}

/* One byte at a time and unbuffered: no copy is left in a stream's buffer,
 * and what follows the line is not taken. */
static bool read_line(int signal_fd, struct line *line)
{
	line->len = 0;
	while (line->len < sizeof(line->data)) {
		if (!wait_for_input(signal_fd)) {
			return false;
		}
		ssize_t got = read(STDIN_FILENO, &line->data[line->len], 1);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return false;
		}
		if (got == 0 || line->data[line->len] == '\n') {
			return true;
		}
		line->len++;
	}
	return true;
}

static int line_to_secret(
	const struct line *line, struct stauth_secret *ret_password)
{
	const char *text = NULL;

	if (line->len == 0) {
		text = STAUTH_TEXT_PASSWORD_EMPTY;
	} else if (line->len > STAUTH_PASSWORD_MAX) {
		text = STAUTH_TEXT_PASSWORD_LONG;
	} else if (memchr(line->data, 0, line->len) != NULL ||
		   memchr(line->data, '\r', line->len) != NULL) {
		text = STAUTH_TEXT_PASSWORD_BYTES;
	}
	if (text != NULL || stauth_secret_set(ret_password, line->data,
				    line->len, NULL) != STAUTH_OK) {
		return ctl_fail_with(EX_DATAERR, "%s",
			text != NULL ? text : CTL_TEXT_NO_PASSWORD);
	}
	return EX_OK;
}

static int ask_once(const char *prompt, struct stauth_secret *ret_password)
{
	struct quiet_tty tty;

	echo_off(&tty);
	if (tty.signal_fd >= 0) {
		fputs(prompt, stderr);
	}
	struct line line;
	int code = EX_OK;
	if (read_line(tty.signal_fd, &line)) {
		echo_on(&tty);
		code = line_to_secret(&line, ret_password);
	} else {
		echo_on(&tty);
		code = ctl_fail_with(EX_TEMPFAIL, CTL_TEXT_PASSWORD_UNREAD);
	}
	stauth_wipe_array(line.data);
	return code;
}

int ctl_ask_password(
	enum ctl_source source, bool again, struct stauth_secret *ret_password)
{
	int code = ask_once(CTL_TEXT_PASSWORD_PROMPT, ret_password);

	if (code != EX_OK || !again || source != CTL_FROM_TERMINAL) {
		return code;
	}
	struct stauth_secret second = {0};
	code = ask_once(CTL_TEXT_PASSWORD_AGAIN, &second);
	if (code == EX_OK && (second.len != ret_password->len ||
				     !stauth_equal_ct(second.data,
					     ret_password->data, second.len))) {
		code = ctl_fail_with(
			EX_DATAERR, "%s", STAUTH_TEXT_PASSWORD_MISMATCH);
	}
	stauth_secret_wipe(&second);
	return code;
}

int ctl_ask_confirm(const struct ctl *ctl, const char *fmt, ...)
{
	if (ctl->yes || !isatty(STDIN_FILENO)) {
		return EX_OK;
	}
	va_list args;
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputs(CTL_TEXT_YES_NO, stderr);
	char answer[16];
	if (fgets(answer, sizeof(answer), stdin) != NULL &&
		(answer[0] == 'y' || answer[0] == 'Y')) {
		return EX_OK;
	}
	return ctl_fail_with(EX_NOPERM, CTL_TEXT_NOT_CONFIRMED);
}
