/* SPDX-License-Identifier: MIT */
#ifndef CHKPWD_LISTEN_H
#define CHKPWD_LISTEN_H

/* Serves PAMST_SOCKET for ever: systemd's, or one it makes. Returns with an
 * exit code if it cannot, and why on stderr. */
int chkpwd_listen(void);

#endif
