/* SPDX-License-Identifier: MIT */
/*
 * What stores keep, as plain structs of fixed size. Strings are NUL
 * terminated UTF-8; instants are Unix seconds UTC, 0 means never.
 */
#ifndef STAUTH_STORE_RECORDS_H
#define STAUTH_STORE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/codec.h"
#include "base/random.h"

#define STAUTH_NAME_SIZE           255 /* 254 bytes and the NUL */
#define STAUTH_EMAIL_SIZE          255
#define STAUTH_DISPLAY_SIZE        129
#define STAUTH_GROUP_MAX           64 /* bytes of one group's name */
#define STAUTH_GROUPS_MAX          32 /* groups of one account, su included */
#define STAUTH_GROUPS_SIZE         (STAUTH_GROUPS_MAX * (STAUTH_GROUP_MAX + 1))
#define STAUTH_ENCODED_SIZE        513 /* an encoded password */
#define STAUTH_CHANNEL_SIZE        16  /* "web", "pam:sshd", "cli" */
#define STAUTH_ADDRESS_SIZE        96  /* an address, or local:SERVICE:UID */
#define STAUTH_AGENT_SIZE          129 /* what the browser calls itself, cut */
#define STAUTH_DETAIL_SIZE         193
#define STAUTH_RATE_LIMIT_KEY_SIZE 384
#define STAUTH_LIMITS_MAX          10 /* that one try or mail meets */
#define STAUTH_PURPOSE_SIZE        16
#define STAUTH_MAIL_KIND_SIZE      24
#define STAUTH_MAIL_CODE_SIZE      64

/* A row that was made or used later than now + this is from the future:
 * store/state.h, 12. A plain number: statements hold it too. */
#define STAUTH_CLOCK_SLACK_S 300
/* A reserved try that was not settled for so long is a failure. A plain
 * number, too. */
#define STAUTH_RESERVED_S 30

struct stauth_account {
	int64_t uid;   /* immutable, never used again */
	int64_t epoch; /* raised by password change, disable, restore */
	char name[STAUTH_NAME_SIZE];   /* canonical */
	char email[STAUTH_EMAIL_SIZE]; /* "" none; unique when set */
	char display_name[STAUTH_DISPLAY_SIZE];
	char groups[STAUTH_GROUPS_SIZE];    /* comma list, sorted, without su */
	char password[STAUTH_ENCODED_SIZE]; /* encoded; "" none: no log-in */
	bool su;
	bool disabled;
	bool system_login; /* may open a host through PAM */
	bool must_change;  /* the password, before anything else */
	/* From then on the password is wrong; 0 never. */
	int64_t password_expires_at;
	int64_t created_at;
	int64_t last_login_at;
	int64_t mfa_since; /* room for a second factor; always 0 today */
};

/* What password_set writes. */
struct stauth_password_row {
	int64_t uid;
	int64_t epoch; /* that the account must have; -1: any */
	const char *encoded;
	bool must_change;
	int64_t expires_at; /* 0 never */
};

/* The address of one account is the name of another. */
struct stauth_clash {
	char name[STAUTH_NAME_SIZE];   /* who has the address */
	char email[STAUTH_EMAIL_SIZE]; /* and whose name it is */
};

/* The factors that a session was opened with, as bits. */
enum stauth_factor {
	STAUTH_FACTOR_PASSWORD = 1,
	STAUTH_FACTOR_PIN = 2,  /* proof of the mail address at sign-up */
	STAUTH_FACTOR_HOST = 4, /* a host's word; no token opens the session */
};

/* A session without its token. It carries the identity, so that a check
 * joins nothing; whatever changes the identity ends the session. */
struct stauth_session {
	char handle[STAUTH_HANDLE_LEN + 1]; /* public, constant */
	int64_t uid;
	int64_t epoch; /* of the account, at log-in */
	char user[STAUTH_NAME_SIZE];
	char email[STAUTH_EMAIL_SIZE];
	char display_name[STAUTH_DISPLAY_SIZE];
	char groups[STAUTH_GROUPS_SIZE]; /* su first, for superusers */
	char channel[STAUTH_CHANNEL_SIZE];
	char address[STAUTH_ADDRESS_SIZE];
	char agent[STAUTH_AGENT_SIZE];
	bool remember;        /* a long session, without idle limit */
	bool must_change;     /* good for changing the password only */
	int factors;          /* enum stauth_factor bits */
	int level;            /* of assurance: 1 one factor */
	int64_t auth_at;      /* when the factors were shown */
	int64_t confirmed_at; /* when last shown again */
	int64_t created_at;
	int64_t last_seen_at;
	int64_t expires_at; /* absolute; dead when now >= expires_at */
};

/* One line of the audit: who did what to whom, from where, and was it done. */
struct stauth_audit_row {
	int64_t id;     /* given by the store */
	int64_t at;     /* given by the store */
	char event[32]; /* "login", "logout", "password.change", ... */
	bool ok;
	char user[STAUTH_NAME_SIZE];  /* concerned; as typed if unknown */
	int64_t uid;                  /* 0 unknown */
	char actor[STAUTH_NAME_SIZE]; /* who did it; "" the user concerned */
	char channel[STAUTH_CHANNEL_SIZE];
	char address[STAUTH_ADDRESS_SIZE];
	char detail[STAUTH_DETAIL_SIZE]; /* never a secret */
};

/* A sign-up that waits for its PIN. One browser has at most one. */
struct stauth_pending {
	uint8_t flow_hash[32];         /* of the browser that asked; unique */
	char email[STAUTH_EMAIL_SIZE]; /* canonical; several may want it */
	/* Encoded. "": the address has an account already, so nothing can
	 * come of this row; it only makes the pages look the same. */
	char password[STAUTH_ENCODED_SIZE];
	/* By which invitation, and what that gives. */
	bool invited;
	uint8_t invite_hash[32];
	char groups[STAUTH_GROUPS_SIZE];
	bool approved;       /* waits for no administrator */
	int64_t verified_at; /* the PIN was right; 0: not yet. The store's */
	int64_t created_at;  /* given by the store */
	int64_t expires_at;
};

/* A link by which people may sign up, without its token. */
struct stauth_invite {
	char id[STAUTH_HANDLE_LEN + 1]; /* public, by which it is revoked */
	uint8_t token_hash[32];
	char email[STAUTH_EMAIL_SIZE]; /* for this address only; "" any */
	char groups[STAUTH_GROUPS_SIZE];
	int uses;      /* in all */
	int uses_left; /* given by the store: all at first */
	bool approved; /* who comes by it waits for no administrator */
	char created_by[STAUTH_NAME_SIZE];
	int64_t created_at; /* given by the store */
	int64_t expires_at;
};

/* The account that a sign-up was for. */
struct stauth_promotion {
	const uint8_t *flow_hash; /* 32 bytes */
	const struct stauth_account *account;
};

/* A mailed PIN, without the PIN. */
struct stauth_pin {
	char purpose[STAUTH_PURPOSE_SIZE]; /* "signup" */
	uint8_t flow_hash[32]; /* one live PIN for a purpose and a browser */
	uint8_t pin_mac[32];   /* keyed: purpose, flow, address and PIN */
	int tries_left;
	int64_t created_at; /* given by the store */
	int64_t expires_at;
};

/* A mailed link to choose a new password, without its token. */
struct stauth_reset {
	uint8_t token_hash[32];
	int64_t uid;        /* one live link for an account: the newest */
	int64_t epoch;      /* of the account when it was asked for */
	int64_t created_at; /* given by the store */
	int64_t expires_at;
};

/* A mail in the outbox: what is said, not yet in words. */
struct stauth_mail {
	int64_t id; /* given by the store */
	/* mail/compose.h names the kinds; "" one that is never sent and only
	 * makes an unknown address cost what a known one does. */
	char kind[STAUTH_MAIL_KIND_SIZE];
	char recipient[STAUTH_EMAIL_SIZE];
	char user[STAUTH_NAME_SIZE];      /* concerned */
	char code[STAUTH_MAIL_CODE_SIZE]; /* PIN or token; "" none; a secret */
	/* The local part of its Message-ID: the same at every try. */
	char message_id[STAUTH_HANDLE_LEN + 1];
	int64_t created_at; /* given by the store */
	int64_t expires_at; /* never sent at or after this instant */
	int tries;          /* begun so far, a present one included */
};

/* How a backup is restored. */
struct stauth_restore {
	bool dry_run; /* only say what would change */
	int64_t now_s;
	struct stauth_audit_row audit; /* written in the same transaction */
	/* An account that was not there, or was disabled, and is again. */
	void (*found)(const char *name, bool was_disabled, void *user);
	void *user;
};

/* One counter as it stands, for people who look at it. */
struct stauth_counter {
	char name[65];
	char key[STAUTH_RATE_LIMIT_KEY_SIZE];
	int64_t failures; /* >= 1 */
	int64_t first_at;
	int64_t last_at;
};

/* A rate limit and the key of the counter that one try meets in it. Policy:
 * auth/rate_limit.c. The store compares and counts. */
struct stauth_rate_limit {
	const char *name; /* "account+source", "account", "source", "device" */
	char key[STAUTH_RATE_LIMIT_KEY_SIZE];
	int free;             /* failures without a wait */
	int64_t window_s;     /* a counter untouched so long is forgotten */
	int64_t first_wait_s; /* before the try after the last free failure */
	int64_t max_wait_s;   /* waits double up to this */
	bool fixed_window;    /* counts from its first failure, not its last */
	/* With fixed_window: over `free` none until the window ends. */
	bool closed_when_full;
	bool cleared_by_success;
};

/* All that one try meets. */
struct stauth_limits {
	struct stauth_rate_limit limit[STAUTH_LIMITS_MAX];
	size_t count;
	bool never_refuse;   /* only counts */
	int64_t reserved_at; /* by throttle_reserve; 0: not, or settled */
};

/* What a try came to. */
enum stauth_outcome {
	STAUTH_OUTCOME_FAULT = 0, /* no verdict: as if it had not been made */
	STAUTH_OUTCOME_FAILURE,
	STAUTH_OUTCOME_SUCCESS, /* clears the counters that say so */
};

struct stauth_settlement {
	enum stauth_outcome outcome;
	const struct stauth_audit_row *audit; /* NULL none */
};

/*
 * What a list is asked for: at most limit rows (<= 1000) after the last one of
 * the page before. Texts that are NULL are "", from the start.
 */
enum stauth_account_order {
	STAUTH_BY_NAME = 0,
	STAUTH_BY_EMAIL, /* those that have one; ascending only */
	STAUTH_BY_CREATED,
	STAUTH_BY_LOGIN,
};

struct stauth_account_page {
	const char *search; /* in name, e-mail or display name; NULL: all */
	/* How the text that is the order begins; NULL: all. Ascending only. */
	const char *prefix;
	enum stauth_account_order order;
	bool descending;
	const char *after; /* the name or e-mail of the row before */
	int64_t after_at;  /* the instant of the row before, and its uid; */
	int64_t after_uid; /* 0 from the start */
	size_t limit;
	/* A search reads at most so many accounts, found or not; 0: all. */
	size_t scan_max;
	/* NULL, or the account that was read last, found or not. Its uid is 0
	 * when there is none after it. */
	struct stauth_account *ret_last;
};

struct stauth_invite_page {
	const char *after; /* an id */
	size_t limit;
	int64_t now_s; /* filled by auth/invite.c */
};

struct stauth_pending_page {
	const struct stauth_pending *after; /* NULL none */
	size_t limit;
	int64_t now_s; /* filled by auth/signup_admin.c */
};

struct stauth_counter_page {
	const char *after_name;
	const char *after_key;
	size_t limit;
	int64_t now_s;
};

/* Which counters are forgotten, and what is told of it. */
struct stauth_counter_clear {
	const char *part; /* of their key (parts joined by newlines); "" all */
	const struct stauth_audit_row *audit;
	int64_t now_s;
};

/*
 * A closed batch of the audit: every row after the batch before it, up to
 * last_id. A batch has at most STAUTH_SEAL_ROWS.
 */
#define STAUTH_SEAL_ROWS 500
struct stauth_seal {
	int64_t number; /* 1 2 3 ... */
	int64_t sealed_at;
	int64_t first_id; /* last_id of the one before, + 1 */
	int64_t last_id;
	int64_t row_count;
	int64_t newest_at; /* of its rows */
	uint8_t rows_hash[32];
	uint8_t hash[32]; /* of all this and the hash before: auth/seal.c */
	bool kept;        /* its rows are not deleted yet */
};

enum stauth_audit_order {
	STAUTH_AUDIT_BY_ID = 0, /* as they were written: who follows */
	STAUTH_AUDIT_OLDEST,    /* by time, then id */
	STAUTH_AUDIT_NEWEST,
};

/*
 * Each page costs what it holds, however many rows there are; BY_ID reads all
 * ids above after_id until the page is full.
 */
struct stauth_audit_query {
	enum stauth_audit_order order;
	/* The last row of the page before; 0: from the first. The order of ids
	 * needs the id alone, that of time needs both. */
	int64_t after_id;
	int64_t after_at;
	int64_t since_s;   /* at >= since_s */
	const char *user;  /* concerned; NULL, "": all */
	const char *event; /* NULL, "": all */
	size_t limit;
};

#endif
