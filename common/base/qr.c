/* SPDX-License-Identifier: MIT */
#include "base/qr.h"

#include <qrencode.h>

#include "base/secret.h"

#include "base/banned.h"

#define QUIET 4 /* modules of white around it, as the standard asks */

static QRcode *encode(const char *text)
{
	return QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
}

static void drop(QRcode *code)
{
	stauth_wipe(code->data, (size_t)code->width * (size_t)code->width);
	QRcode_free(code);
}

static bool is_dark(const QRcode *code, int x, int y)
{
	return x >= 0 && y >= 0 && x < code->width && y < code->width &&
	       (code->data[y * code->width + x] & 1) != 0;
}

bool stauth_qr_svg(struct stauth_buf *buf, const char *text)
{
	QRcode *code = encode(text);

	if (code == NULL) {
		return false;
	}
	int size = code->width + 2 * QUIET;
	stauth_buf_addf(buf,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" "
		"viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
		"<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"",
		size, size, size, size);
	for (int y = 0; y < code->width; y++) {
		for (int x = 0; x < code->width; x++) {
			if (is_dark(code, x, y)) {
				stauth_buf_addf(buf, "M%d %dh1v1h-1z",
					x + QUIET, y + QUIET);
			}
		}
	}
	stauth_buf_add(buf, "\"/></svg>");
	drop(code);
	return true;
}

/* Light is drawn: on a dark terminal the code is as it is printed, and on a
 * light one inverted, which readers take too. */
bool stauth_qr_lines(struct stauth_buf *buf, const char *text)
{
	static const char *const blocks[] = {" ", "\xe2\x96\x84",
		"\xe2\x96\x80", "\xe2\x96\x88"}; /* lower, upper, both */
	QRcode *code = encode(text);

	if (code == NULL) {
		return false;
	}
	for (int y = -QUIET; y < code->width + QUIET; y += 2) {
		for (int x = -QUIET; x < code->width + QUIET; x++) {
			stauth_buf_add(buf, blocks[2 * !is_dark(code, x, y) +
						    !is_dark(code, x, y + 1)]);
		}
		stauth_buf_add(buf, "\n");
	}
	drop(code);
	return true;
}
