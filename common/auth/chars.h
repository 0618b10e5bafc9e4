/* SPDX-License-Identifier: MIT */
/* Characters of text that people typed: what may be kept, what is shown. */
#ifndef STAUTH_CHARS_H
#define STAUTH_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character at *at, which moves behind it. The text is valid UTF-8
 * (stauth_utf8_valid) and not at its end. */
uint32_t stauth_char_next(const char **at);
/* Control, line separator or direction override: never in a name shown. */
bool stauth_char_unsafe(uint32_t c);
/* Characters in valid UTF-8, else bytes. */
size_t stauth_char_count(const char *str, size_t len);
/*
 * Copies what was typed into a field that people will read: unsafe
 * characters and bytes that are not UTF-8 become '?', too much is cut between
 * two characters. NULL is taken as "".
 */
void stauth_text_clean(char *out, size_t out_size, const char *str);

#endif
