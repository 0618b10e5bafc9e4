/* SPDX-License-Identifier: MIT */
#ifndef CTL_NGINX_PARSE_H
#define CTL_NGINX_PARSE_H

#include "nginx/tree.h"

/* Reads one file's text into parent; includes in it are followed. depth: of
 * the blocks and includes around it. False with conf->error set. */
bool ctl_conf_parse(struct ctl_conf *conf, const struct ctl_conf_file *file,
	struct ctl_conf_node *parent, int depth);

#endif
