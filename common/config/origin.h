/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_CONFIG_ORIGIN_H
#define STAUTH_CONFIG_ORIGIN_H

#include "config/config.h"

/* "HTTPS://App.Example.com:443/" -> "https://app.example.com". BADVALUE for
 * what is no scheme://host[:port] (a path other than "/", a user, ...). */
enum stauth_rc stauth_origin_parse(const char *text, size_t len,
	struct stauth_origin *ret_origin, struct stauth_err *err);

#endif
