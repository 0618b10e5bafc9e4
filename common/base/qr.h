/* SPDX-License-Identifier: MIT */
/* QR codes, for what has a camera. Holds what is encoded: wipe the buffer. */
#ifndef STAUTH_QR_H
#define STAUTH_QR_H

#include "base/buf.h"

/* An <svg> of black on white, with the quiet zone around it. False: it does
 * not fit into a QR code. */
bool stauth_qr_svg(struct stauth_buf *buf, const char *text);
/* The same for a terminal, two rows a line. */
bool stauth_qr_lines(struct stauth_buf *buf, const char *text);

#endif
