/* SPDX-License-Identifier: MIT */
#include "qr.h"

#include <qrencode.h>

#include "base/banned.h"

#define QUIET 4 /* units of white around it, as the standard asks */

bool gate_qr_path(const char *text, struct stauth_buf *out, int *ret_size)
{
	QRcode *code = QRcode_encodeString(
		text, 0, QR_ECLEVEL_M, QR_MODE_8, /* case sensitive */ 1);
	if (code == NULL) {
		return false;
	}
	/* Each run of dark units in a row is one bar. */
	for (int y = 0; y < code->width; y++) {
		const unsigned char *row =
			code->data + (size_t)y * (size_t)code->width;
		for (int x = 0; x < code->width; x++) {
			int start = x;
			while (x < code->width && (row[x] & 1) != 0) {
				x++;
			}
			if (x > start) {
				stauth_buf_addf(out, "M%d %dh%dv1h-%dz",
					start + QUIET, y + QUIET, x - start,
					x - start);
			}
		}
	}
	*ret_size = code->width + 2 * QUIET;
	QRcode_free(code);
	return stauth_buf_ok(out);
}
