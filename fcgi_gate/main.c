/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fd.h"
#include "config/config.h"
#include "master.h"

#include "base/banned.h"

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

static const char usage[] =
	"usage: fcgi_gate [-c FILE | --config FILE] [--help] [--version]\n"
	"\n"
	"The FastCGI gatekeeper of stauth: answers nginx's auth_request on\n"
	"check.sock and serves the pages below /auth/ on pages.sock, both in\n"
	"RUN_DIR. Stays in the foreground; SIGHUP reads the configuration\n"
	"again, SIGTERM ends it.\n"
	"\n"
	"  -c, --config FILE  the configuration; else $STAUTH_CONFIG, else\n"
	"                     " STAUTH_CONFIG_DEFAULT "\n"
	"      --help         this text\n"
	"      --version      the version\n";

static void harden(void)
{
	struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
	(void)setrlimit(RLIMIT_CORE, &none);
	/* The leak check of a sanitized build reads its own memory. */
	if (!IS_SANITIZED) {
		(void)prctl(PR_SET_DUMPABLE, 0);
	}
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};

	(void)stauth_stdio_guard();
	const char *path = NULL;
	int option;
	while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return EX_OK;
		case 'V':
			puts("fcgi_gate " STAUTH_VERSION);
			return EX_OK;
		default:
			fputs(usage, stderr);
			return EX_USAGE;
		}
	}
	if (optind != argc) {
		fputs(usage, stderr);
		return EX_USAGE;
	}
	gate_master_hold_signals();
	harden();
	struct gate gate;
	int status = gate_setup(&gate, path);
	if (status != EX_OK) {
		return status;
	}
	status = gate_master_run(&gate);
	gate_setup_finish(&gate);
	return status;
}
