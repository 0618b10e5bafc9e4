/* SPDX-License-Identifier: MIT */
#ifndef GATE_QR_H
#define GATE_QR_H

#include <stdbool.h>

#include "base/buf.h"

/* A QR code as the path of an SVG picture whose view box has this many units
 * a side, the quiet zone included. false: the text is too long. */
bool gate_qr_path(const char *text, struct stauth_buf *out, int *ret_size);

#endif
