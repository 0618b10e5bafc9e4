/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "auth/check.h"
#include "base/codec.h"
#include "base/secret.h"
#include "config/config.h"
#include "config/keyfile.h"
#include "listen.h"
#include "log.h"
#include "mail/mailer.h"
#include "notify.h"
#include "rights.h"
#include "store/table.h"
#include "supervise.h"

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

/* The one thing a signal handler can reach. */
static volatile sig_atomic_t stop_flag;

static void on_stop(int signo)
{
	(void)signo;
	stop_flag = 1;
}

/* What is opened later must not become stdout by accident. */
static void fill_standard_fds(void)
{
	int fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO) {
		fd = open("/dev/null", O_RDWR);
	}
	if (fd > STDERR_FILENO) {
		close(fd);
	}
}

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

/* Without them nobody can sign in, though the checks go on. */
static void look_at_keys(const struct stauth_config *config)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	struct stauth_keys keys;
	if (stauth_keys_load(config, STAUTH_READER_SERVICE, &keys, &err) !=
		STAUTH_OK) {
		gate_log("warning: %s", err.msg);
	}
	stauth_wipe(&keys, sizeof(keys));
}

/* A database that is not there yet ends nothing: workers say 503 until it
 * is. But who starts the gate should read it. */
static int look_at_store(const struct stauth_config *config)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	struct stauth_store store;
	memset(&store, 0, sizeof(store));
	enum stauth_rc rc =
		stauth_store_open(config, STAUTH_ROLE_TOUCH, &store, &err);
	if (rc != STAUTH_OK) {
		gate_log("%s", err.msg);
		return rc == STAUTH_ECONFIG ? EX_CONFIG : EX_UNAVAILABLE;
	}
	enum stauth_health health = store.state->ops->health(store.state, &err);
	if (health != STAUTH_HEALTH_OK) {
		gate_log("warning: %s", err.msg[0] != '\0'
						? err.msg
						: "the store is out of order");
	} else {
		look_at_keys(config);
	}
	stauth_store_close(&store);
	return EX_OK;
}

/* What the mail worker would say again and again. */
static int look_at_mailer(const struct stauth_config *config)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	if (config->mail_transport == STAUTH_TRANSPORT_NONE) {
		gate_log("no mail goes out: SENDGRID_API_KEY, SMTP_URL and "
			 "MAIL_TRANSPORT are not set");
		return EX_OK;
	}
	struct stauth_mailer *mailer = NULL;
	enum stauth_rc rc = stauth_mailer_open(config, &mailer, &err);
	stauth_mailer_close(mailer);
	if (rc == STAUTH_OK) {
		return EX_OK;
	}
	gate_log("%s%s", rc == STAUTH_ECONFIG ? "" : "warning: ", err.msg);
	return rc == STAUTH_ECONFIG ? EX_CONFIG : EX_OK;
}

static void warn(const struct stauth_config *config)
{
	char text[1024];
	for (size_t i = 0; stauth_config_warning(config, i, text, sizeof(text));
		i++) {
		gate_log("warning: %s", text);
	}
	if (geteuid() == 0) {
		gate_log("warning: started as root; the gate keeps the user "
			 "it is started as");
	}
}

/* What the master's callbacks need. */
struct gate {
	const char *path; /* as -c said; NULL: found as at the start */
	struct stauth_config *config;
	struct gate_sockets sockets;
};

static void say_ready(void *user)
{
	const struct gate *gate = user;
	gate_log("ready, check=%s pages=%s", gate->sockets.check.path,
		gate->sockets.pages.path);
	gate_notify("READY=1\nSTATUS=serving");
}

/* The sockets were made by the old configuration, and they stay. */
static void keep_fixed(
	const struct stauth_config *old, struct stauth_config *config)
{
	static const char text[] =
		"warning: reload: %s changes only with a restart; it stays %s";
	if (strcmp(old->run_dir, config->run_dir) != 0) {
		gate_log(text, "RUN_DIR", old->run_dir);
		memcpy(config->run_dir, old->run_dir, sizeof(old->run_dir));
	}
	if (strcmp(old->socket_group, config->socket_group) != 0) {
		gate_log(text, "SOCKET_GROUP",
			old->socket_group[0] == '\0' ? "the default"
						     : old->socket_group);
		memcpy(config->socket_group, old->socket_group,
			sizeof(old->socket_group));
	}
}

/* Who asks systemd how we are must not have to look into the log. */
static void say_kept(const char *why)
{
	gate_log("reload: %s; the old configuration stays", why);
	gate_notify_status("serving by the old configuration: %s", why);
}

static const struct stauth_config *reload(void *user)
{
	struct gate *gate = user;
	struct stauth_err err = {.rc = STAUTH_OK};
	struct stauth_config *config = NULL;
	if (stauth_config_load(gate->path, STAUTH_READER_SERVICE, &config,
		    &err) != STAUTH_OK) {
		say_kept(err.msg);
		return NULL;
	}
	if (look_at_store(config) != EX_OK) {
		say_kept("no store by the new configuration");
		stauth_config_free(config);
		return NULL;
	}
	if (look_at_mailer(config) != EX_OK) {
		say_kept("no mailer by the new configuration");
		stauth_config_free(config);
		return NULL;
	}
	warn(config);
	keep_fixed(gate->config, config);
	stauth_config_free(gate->config);
	gate->config = config;
	gate_notify_status("serving");
	return config;
}

static bool mend_sockets(void *user)
{
	struct gate *gate = user;
	return gate_sockets_mend(gate->config, &gate->sockets);
}

static int serve(struct gate *gate)
{
	struct gate_worker worker = {.config = gate->config,
		.stop = &stop_flag,
		.open_store = stauth_store_open,
		.open_mailer = stauth_mailer_open,
		.close_mailer = stauth_mailer_close};
	int status = look_at_mailer(gate->config);
	if (status != EX_OK) {
		return status;
	}
	status = gate_sockets_open(gate->config, &gate->sockets);
	if (status != EX_OK) {
		return status;
	}
	gate_warn_of_group(gate->config, &gate->sockets);
	status = look_at_store(gate->config);
	if (status == EX_OK) {
		struct gate_supervise job = {.check = worker,
			.pages = worker,
			.lock_fd = gate->sockets.lock_fd,
			.on_stop = on_stop,
			.ready = say_ready,
			.reload = reload,
			.mend_sockets = mend_sockets,
			.user = gate};
		job.check.listen_fd = gate->sockets.check.fd;
		job.pages.listen_fd = gate->sockets.pages.fd;
		status = gate_supervise_run(&job);
	}
	gate_sockets_close(&gate->sockets);
	return status;
}

static int run(const char *path)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	struct gate gate = {.path = path};
	enum stauth_rc rc = stauth_config_load(
		path, STAUTH_READER_SERVICE, &gate.config, &err);
	if (rc != STAUTH_OK) {
		gate_log("%s", err.msg);
		return rc == STAUTH_ENOMEM ? EX_OSERR : EX_CONFIG;
	}
	if (!stauth_hashing_ready()) {
		gate_log("OpenSSL cannot be set up");
		stauth_config_free(gate.config);
		return EX_OSERR;
	}
	warn(gate.config);
	int status = serve(&gate);
	stauth_config_free(gate.config);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};

	fill_standard_fds();
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
	gate_supervise_hold_signals();
	harden();
	return run(path);
}
