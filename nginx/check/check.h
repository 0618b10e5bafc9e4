/* SPDX-License-Identifier: MIT */
/* `stauthctl nginx check`: is nginx wired as the snippets mean it? */
#ifndef NGINX_CHECK_H
#define NGINX_CHECK_H

#include "conf.h"
#include "config/config.h"
#include "rules.h"

/* Judges conf by what this version ships, for config. False: no memory. */
bool nginx_check(const struct nginx_conf *conf,
	const struct stauth_config *config, struct nginx_report *report);

#endif
