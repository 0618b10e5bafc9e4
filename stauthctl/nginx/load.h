/* SPDX-License-Identifier: MIT */
#ifndef CTL_NGINX_LOAD_H
#define CTL_NGINX_LOAD_H

#include "nginx/tree.h"

/*
 * Reads a configuration from text: what `nginx -T` prints, or the text of an
 * nginx.conf, whose includes are then read from the disk, relative to the
 * folder of name, as nginx does. An include that led to no file stays in the
 * tree as a statement. The text is copied. conf is initialised; finish it.
 * False with conf->error set.
 */
bool ctl_conf_load(
	struct ctl_conf *conf, const char *name, const char *text, size_t len);

/* For the parser: puts what node includes into parent. */
bool ctl_conf_include(struct ctl_conf *conf, struct ctl_conf_node *parent,
	struct ctl_conf_node *node, int depth);

#endif
