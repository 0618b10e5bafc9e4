/* SPDX-License-Identifier: MIT */
/*
 * What module and helper say to each other: one framed question, one framed
 * answer. libc only, because it is mapped into sshd.
 *
 *   frame  "STA" version(1) kind(1) length(2, big endian) payload
 *   field  tag(1) length(2, big endian) bytes
 *
 * The answer is the whole frame, never the exit status (hosts ignore SIGCHLD,
 * and a killed helper must not look like ALLOW). A frame that is short, long,
 * of another version or holds a tag twice is no answer.
 */
#ifndef PAMST_WIRE_H
#define PAMST_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where stauth_chkpwd --listen answers. */
#define PAMST_SOCKET "/run/stauth/chkpwd.sock"

#define PAMST_WIRE_VERSION 1
#define PAMST_WIRE_HEAD    7
#define PAMST_WIRE_MAX     8192 /* bytes of a payload */

/* What is asked: the kind of a question's frame. */
enum pamst_question {
	PAMST_ASK_AUTH = 1,     /* is this the password? */
	PAMST_ASK_ACCOUNT,      /* may this account enter now? */
	PAMST_ASK_CHANGE_CHECK, /* could the password be changed now? */
	PAMST_ASK_CHANGE,       /* change it */
	PAMST_ASK_OPEN,         /* a session begins */
	PAMST_ASK_CLOSE,        /* it ends */
};

/* The answer: the kind of its frame. 0 is no answer and never ALLOW. */
enum pamst_answer {
	PAMST_NONE = 0,
	PAMST_WRONG, /* password wrong, empty, or none is stored */
	PAMST_UNKNOWN_USER,
	PAMST_THROTTLED,
	PAMST_DISABLED,
	PAMST_NOT_PERMITTED, /* right, but a rule says no */
	PAMST_MUST_CHANGE,
	PAMST_WEAK,        /* the new password; PAMST_TEXT says why */
	PAMST_UNAVAILABLE, /* store, keys or helper out of order */
	PAMST_BAD_CONFIG,  /* unsafe or unreadable configuration */
	PAMST_NEED_CODE,   /* right so far, a code is needed */
	PAMST_ALLOW,
	PAMST_NEED_PASSWORD, /* the current one, for a change */
	PAMST_ANSWER_END,    /* one more than the last */
};

enum pamst_tag {
	PAMST_USER = 1, /* as the host gave it; canonical in the answer */
	PAMST_PASSWORD,
	PAMST_NEW_PASSWORD,
	PAMST_SERVICE,
	PAMST_RHOST,
	PAMST_TTY,
	PAMST_CONFIG,      /* path of conf= */
	PAMST_GROUP,       /* of group= */
	PAMST_FLAGS,       /* one byte: enum pamst_flag */
	PAMST_MINIMUM_UID, /* decimal */
	PAMST_HANDLE,      /* of a session */
	PAMST_TEXT = 13,   /* for the person, through the conversation */
	PAMST_LOG,         /* for the log */
	PAMST_HOST_UID,    /* decimal: the host's real uid; root is believed */
	PAMST_RUSER,
	PAMST_PROOF, /* of a log-in: given on ALLOW, shown for a change */
	PAMST_TAG_END,
};

enum pamst_flag {
	PAMST_REQUIRE_SU = 1,
	PAMST_ANY_ACCOUNT = 2,
	PAMST_AS_ROOT = 8,  /* change without the old password */
	PAMST_EXPIRED = 16, /* change it only if it must be changed */
};

/* A frame that is being built, or was read. Holds passwords: wipe it. */
struct pamst_frame {
	uint8_t kind;
	size_t len;  /* of the payload */
	bool failed; /* something did not fit */
	uint8_t payload[PAMST_WIRE_MAX];
};

void pamst_frame_init(struct pamst_frame *frame, int kind);
void pamst_frame_wipe(struct pamst_frame *frame);
/* Adds a field; NULL adds nothing. What does not fit fails the frame. */
void pamst_frame_add(
	struct pamst_frame *frame, enum pamst_tag tag, const char *value);
void pamst_frame_add_len(struct pamst_frame *frame, enum pamst_tag tag,
	const void *value, size_t len);
/* Takes away, and wipes, what was added behind the first len bytes. */
void pamst_frame_cut(struct pamst_frame *frame, size_t len);
/*
 * Copies the field as a string into out. false (and "" in out) if it is not
 * there, is longer than out_size - 1, holds a NUL, or the payload is garbled.
 */
bool pamst_frame_get(const struct pamst_frame *frame, enum pamst_tag tag,
	char *out, size_t out_size);
/* Is the payload a clean row of known fields, each at most once? */
bool pamst_frame_valid(const struct pamst_frame *frame);

/* Whole frames over a socket; deadline on CLOCK_BOOTTIME in ms. Never raises
 * SIGPIPE. false: not sent, or no frame came in time. */
bool pamst_frame_send(
	const struct pamst_frame *frame, int fd, int64_t deadline_ms);
bool pamst_frame_receive(
	struct pamst_frame *frame, int fd, int64_t deadline_ms);
int64_t pamst_boot_ms(void);

#endif
