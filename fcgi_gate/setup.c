/* SPDX-License-Identifier: MIT */
/* What a start and a reload have in common: a configuration that works. */
#include "setup.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "auth/check.h"
#include "base/codec.h"
#include "base/secret.h"
#include "config/keyfile.h"
#include "log.h"
#include "mail/mailer.h"
#include "notify.h"
#include "store/table.h"

#include "base/banned.h"

/* A database that is not there yet ends nothing: workers answer 503 until it
 * is. Who starts the gate should read it in the log. */
static int check_store(const struct stauth_config *config)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	struct stauth_store store = {0};
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
						: "the store is not usable");
	} else {
		/* Without them nobody can sign in; checks are answered. */
		struct stauth_keys keys;
		if (stauth_keys_load(config, STAUTH_READER_SERVICE, &keys,
			    &err) != STAUTH_OK) {
			gate_log("warning: %s", err.msg);
		}
		stauth_wipe(&keys, sizeof(keys));
	}
	stauth_store_close(&store);
	return EX_OK;
}

/* What the mail worker would log again and again. */
static int check_mailer(const struct stauth_config *config)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	if (config->mail_transport == STAUTH_TRANSPORT_NONE) {
		gate_log("mail is off: SENDGRID_API_KEY, SMTP_URL and "
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
	if ((old->app_upstream[0] == '\0') !=
		(config->app_upstream[0] == '\0')) {
		gate_log("warning: reload: the relay is switched on or off "
			 "(APP_UPSTREAM) only with a restart");
		memcpy(config->app_upstream, old->app_upstream,
			sizeof(old->app_upstream));
	}
}

bool gate_reload(struct gate *gate)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	struct stauth_config *config = NULL;
	const char *why = NULL;
	if (stauth_config_load(gate->config_path, STAUTH_READER_SERVICE,
		    &config, &err) != STAUTH_OK) {
		why = err.msg;
	} else if (check_store(config) != EX_OK) {
		why = "the new configuration has no usable store";
	} else if (check_mailer(config) != EX_OK) {
		why = "the new configuration has no usable mailer";
	}
	if (why != NULL) {
		gate_log("reload: %s; the old configuration stays", why);
		/* systemctl status shows it, too. */
		gate_notify("STATUS=serving by the old configuration: %s", why);
		stauth_config_free(config);
		return false;
	}
	warn(config);
	keep_fixed(gate->config, config);
	stauth_config_free(gate->config);
	gate->config = config;
	gate_notify("STATUS=serving");
	return true;
}

int gate_setup(struct gate *ret_gate, const char *config_path)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	*ret_gate = (struct gate){.config_path = config_path};
	enum stauth_rc rc = stauth_config_load(
		config_path, STAUTH_READER_SERVICE, &ret_gate->config, &err);
	if (rc != STAUTH_OK) {
		gate_log("%s", err.msg);
		return rc == STAUTH_ENOMEM ? EX_OSERR : EX_CONFIG;
	}
	const struct stauth_config *config = ret_gate->config;
	int status = EX_OSERR;
	if (!stauth_hashing_ready()) {
		gate_log("OpenSSL cannot be set up");
		goto failed;
	}
	warn(config);
	status = check_mailer(config);
	if (status != EX_OK) {
		goto failed;
	}
	status = gate_sockets_open(config, &ret_gate->sockets);
	if (status != EX_OK) {
		goto failed;
	}
	status = check_store(config);
	if (status == EX_OK) {
		return EX_OK;
	}
	gate_sockets_close(&ret_gate->sockets);
failed:
	stauth_config_free(ret_gate->config);
	return status;
}

void gate_setup_finish(struct gate *gate)
{
	gate_sockets_close(&gate->sockets);
	stauth_config_free(gate->config);
}
