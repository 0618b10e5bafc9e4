/* SPDX-License-Identifier: MIT */
#ifndef CTL_CONFIG_CHECK_H
#define CTL_CONFIG_CHECK_H

#include "ctl.h"

/* 0; 78, reported: the service would refuse this configuration. */
int ctl_config_refused(const struct ctl *ctl);

#endif
