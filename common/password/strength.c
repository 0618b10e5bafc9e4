/* SPDX-License-Identifier: MIT */
/*
 * zxcvbn's estimate, and its findings in words.
 *
 * 1. What zxcvbn is given MUST be bounded: its time grows with the fifth
 *    power of the length on input such as "121212..." (measured: 32 bytes
 *    7 ms, 64 bytes 0.16 s, 100 bytes 1 s). A longer password is judged by
 *    its beginning.
 * 2. What the guesser of this account knows MUST count as a dictionary: each
 *    word as a whole and in its parts (both sides of an e-mail address).
 */
#include "password/strength.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <zxcvbn.h>

#include "base/ascii.h"
#include "base/text.h"

#include "base/banned.h"

#define JUDGED_MAX 32 /* bytes of the password that are judged */
#define WORDS_MAX  64
#define WORD_MIN   3 /* shorter ones are found in everything */
#define WORD_SIZE  64

struct dictionary {
	char text[WORDS_MAX][WORD_SIZE];
	const char *word[WORDS_MAX + 1]; /* NULL ends it */
	size_t count;
};

/* In any case: zxcvbn folds them itself. */
static void add_word(struct dictionary *dict, const char *word, size_t len)
{
	if (len < WORD_MIN || len >= WORD_SIZE || dict->count == WORDS_MAX) {
		return;
	}
	char *to = dict->text[dict->count];
	memcpy(to, word, len);
	to[len] = '\0';
	dict->word[dict->count++] = to;
}

/* Bytes of UTF-8 belong to a word. */
static bool is_part(char c)
{
	return (unsigned char)c >= 0x80 || stauth_is_alnum(c);
}

static void add_parts(struct dictionary *dict, const char *word)
{
	for (const char *at = word; *at;) {
		size_t len = 0;

		while (at[len] && is_part(at[len])) {
			len++;
		}
		/* The whole word is in already. */
		if (at != word || at[len]) {
			add_word(dict, at, len);
		}
		at += len;
		at += *at != '\0';
	}
}

/* Whole words first: zxcvbn holds earlier words to be likelier. */
static void fill(
	struct dictionary *dict, const char *const *words, size_t word_count)
{
	for (size_t i = 0; i < word_count; i++) {
		if (words[i] != NULL) {
			add_word(dict, words[i], strlen(words[i]));
		}
	}
	for (size_t i = 0; i < word_count; i++) {
		if (words[i] != NULL) {
			add_parts(dict, words[i]);
		}
	}
}

static int score_of(double bits)
{
	static const double limit[] = {10, 20, 27, 34};
	int score = 0;

	while (score < 4 && bits >= limit[score]) {
		score++;
	}
	return score;
}

static bool is_finding(const ZxcMatch_t *match)
{
	return match->Type != NON_MATCH && match->Type != BRUTE_MATCH &&
	       match->Type != LONG_PWD_MATCH;
}

/* The finding that explains most of the password; NULL if there is none. */
static const ZxcMatch_t *main_finding(const ZxcMatch_t *matches)
{
	const ZxcMatch_t *best = NULL;

	for (const ZxcMatch_t *at = matches; at != NULL; at = at->Next) {
		if (is_finding(at) &&
			(best == NULL || at->Length > best->Length)) {
			best = at;
		}
	}
	return best;
}

static const char *reason_of(const ZxcMatch_t *finding, size_t len)
{
	/* A short finding in a short password: the length is the matter. */
	if (finding == NULL || (finding->Length < WORD_MIN && len <= 8)) {
		return STAUTH_TEXT_WEAK_SHORT;
	}
	if (finding->Type & MULTIPLE_MATCH) {
		return STAUTH_TEXT_WEAK_REPEAT;
	}
	switch ((int)finding->Type) {
	case USER_MATCH:
	case USER_LEET_MATCH:
		return STAUTH_TEXT_WEAK_OWN;
	case DICTIONARY_MATCH:
		return (size_t)finding->Length == len ? STAUTH_TEXT_WEAK_COMMON
						      : STAUTH_TEXT_WEAK_WORD;
	case DICT_LEET_MATCH:
		return STAUTH_TEXT_WEAK_LEET;
	case REPEATS_MATCH:
		return STAUTH_TEXT_WEAK_REPEAT;
	case SEQUENCE_MATCH:
		return STAUTH_TEXT_WEAK_SEQUENCE;
	case SPATIAL_MATCH:
		return STAUTH_TEXT_WEAK_KEYBOARD;
	case DATE_MATCH:
	case YEAR_MATCH:
		return STAUTH_TEXT_WEAK_DATE;
	default:
		return STAUTH_TEXT_WEAK_SHORT;
	}
}

static void set_reason(struct stauth_strength *strength, const char *reason)
{
	size_t len = strnlen(reason, sizeof(strength->reason) - 1);

	memcpy(strength->reason, reason, len);
	strength->reason[len] = '\0';
}

/* Bytes that are judged: of a long one that repeats itself two rounds, so that
 * what is cut off does not make it look better. */
static size_t judged_len(const struct stauth_secret *password)
{
	const char *text = password->data;
	size_t len = strnlen(text, password->len);

	for (size_t n = 1; len > JUDGED_MAX && n <= len / 2; n++) {
		if (memcmp(text, text + n, len - n) == 0) {
			len = 2 * n;
			break;
		}
	}
	return len < JUDGED_MAX ? len : JUDGED_MAX;
}

void stauth_strength(const struct stauth_secret *password,
	const char *const *words, size_t word_count,
	struct stauth_strength *ret_strength)
{
	struct dictionary dict = {.count = 0};
	size_t len = judged_len(password);

	*ret_strength = (struct stauth_strength){.score = 0};
	char judged[JUDGED_MAX + 1];
	memcpy(judged, password->data, len);
	judged[len] = '\0';
	fill(&dict, words, word_count);
	ZxcMatch_t *matches = NULL;
	double bits = len > 0 ? ZxcvbnMatch(judged, dict.word, &matches) : 0;
	ret_strength->bits = isfinite(bits) && bits > 0 ? bits : 0;
	ret_strength->score = score_of(ret_strength->bits);
	if (ret_strength->score < 4) {
		set_reason(ret_strength, reason_of(main_finding(matches), len));
	}
	ZxcvbnFreeInfo(matches);
	stauth_wipe_array(judged);
}
