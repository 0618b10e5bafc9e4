/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_STRENGTH_H
#define STAUTH_STRENGTH_H

#include <stddef.h>

#include "base/secret.h"

/* zxcvbn's estimate, CONTRACT 6: under 10 bits 0, 20 1, 27 2, 34 3, else 4. */
struct stauth_strength {
	double bits;
	int score;        /* 0 to 4 */
	char reason[192]; /* in words: what makes it weak, and what to do;
			   * "" when the score is 4 */
};

/* words: what a guesser of this account tries first (name, e-mail, brand);
 * NULLs and "" among them are skipped. Never fails. */
void stauth_strength(const struct stauth_secret *password,
	const char *const *words, size_t word_count,
	struct stauth_strength *ret_strength);

#endif
