/* SPDX-License-Identifier: MIT */
#include "auth/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"

#define WAIT_WEB_MS   1000
#define WAIT_OTHER_MS 20000
#define NAP_MIN_MS    5
#define NAP_SPREAD_MS 16
/* Of the page workers, who neither hash for a stranger nor wait for that:
 * one for a known device, one for all that needs no hash. */
#define SPARED 2

/* Where each bank begins, as bytes of the file. */
#define BYTE_DEVICE 1000
#define BYTE_PLACE  1500
#define BYTE_PAM    2000
#define BYTE_CLI    3000

/* What one asker may take: count bytes from first on, and perhaps one more. */
struct bank {
	int first;
	int count;
	int extra; /* -1: none */
	int64_t wait_ms;
};

static struct bank bank_of(const struct stauth_ctx *ctx, bool known_device)
{
	switch (ctx->slots) {
	case STAUTH_SLOTS_PAM:
		return (struct bank){BYTE_PAM, 1, -1, WAIT_OTHER_MS};
	case STAUTH_SLOTS_CLI:
		return (struct bank){BYTE_CLI, 1, -1, WAIT_OTHER_MS};
	case STAUTH_SLOTS_WEB:
		break;
	}
	return (struct bank){0, ctx->config->hash_slots,
		known_device ? BYTE_DEVICE : -1, WAIT_WEB_MS};
}

/* The file is shared by everybody who may use the directory, so it belongs
 * to whom the directory belongs to, whoever came first. */
static int create(const char *path, const struct stat *dir)
{
	int fd = open(
		path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0660);

	if (fd < 0) {
		return -1;
	}
	if (fchmod(fd, 0660) != 0 ||
		(geteuid() == 0 && fchown(fd, dir->st_uid, dir->st_gid) != 0)) {
		int code = errno;

		(void)close(fd);
		(void)unlink(path);
		errno = code;
		return -1;
	}
	return fd;
}

static enum stauth_rc open_file(struct stauth_ctx *ctx, struct stauth_err *err)
{
	char path[PATH_MAX + 16];
	struct stat st;
	const char *dir = ctx->config->state_dir;
	int fd = -1;

	/* Somebody tidied up: an unlinked file would limit only ourselves. */
	if (ctx->slots_fd >= 0 &&
		(fstat(ctx->slots_fd, &st) != 0 || st.st_nlink == 0)) {
		(void)close(ctx->slots_fd);
		ctx->slots_fd = -1;
	}
	if (ctx->slots_fd >= 0) {
		return STAUTH_OK;
	}
	(void)snprintf(path, sizeof(path), "%s/slots.lock", dir);
	if (stat(dir, &st) != 0) {
		return stauth_fail(err, STAUTH_EUNREACHABLE, "%.120s: %s", dir,
			strerror(errno));
	}
	for (int i = 0; fd < 0 && i < 2; i++) {
		fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0 && errno == ENOENT) {
			fd = create(path, &st);
		}
	}
	if (fd < 0) {
		int code = errno;

		return stauth_fail(err,
			code == EACCES || code == EPERM ? STAUTH_EDENIED
							: STAUTH_EUNREACHABLE,
			"%.120s: %s", path, strerror(code));
	}
	ctx->slots_fd = fd;
	return STAUTH_OK;
}

/* Locks of the open file: they end with the process, and two contexts of one
 * process (a test) keep each other out as well. */
static bool lock_byte(int fd, int byte, short type)
{
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1,
	};

	return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

/* The byte that was taken, -1: all are held, -2: the file cannot be locked. */
static int try_bank(int fd, const struct bank *bank)
{
	for (int i = 0; i < bank->count; i++) {
		if (lock_byte(fd, bank->first + i, F_WRLCK)) {
			return bank->first + i;
		}
		if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
			return -2;
		}
	}
	if (bank->extra >= 0 && lock_byte(fd, bank->extra, F_WRLCK)) {
		return bank->extra;
	}
	return -1;
}

/* Uneven naps, so that those who wait do not come back in step. */
static void nap(struct stauth_ctx *ctx)
{
	uint8_t byte = 0;
	struct timespec ts = {0};

	(void)ctx->random(&byte, sizeof(byte), NULL);
	ts.tv_nsec = (NAP_MIN_MS + byte % NAP_SPREAD_MS) * 1000000L;
	(void)nanosleep(&ts, NULL);
}

/*
 * While a worker waits here, requests may queue behind it, those of known
 * devices as well. So a stranger who waits gives way to a queue, unless he
 * has one of the few places to wait in. A queue that was seen once may be
 * somebody whom a free worker is about to serve.
 */
struct patience {
	struct bank places; /* count 0: may wait wherever he is */
	int place;          /* the byte; -1: none */
	int seen;           /* how often in a row there was a queue */
};

static struct patience patience_of(
	const struct stauth_ctx *ctx, bool known_device)
{
	const struct stauth_config *config = ctx->config;
	int count = config->page_workers - config->hash_slots - SPARED;
	struct patience patience = {{BYTE_PLACE, 0, -1, 0}, -1, 0};

	if (ctx->crowded && ctx->slots == STAUTH_SLOTS_WEB && !known_device) {
		patience.places.count = count > 1 ? count : 1;
		patience.seen = ctx->queued ? 1 : 0;
	}
	return patience;
}

static bool gives_way(struct stauth_ctx *ctx, struct patience *patience)
{
	if (patience->places.count == 0 || patience->place >= 0) {
		return false;
	}
	patience->place = try_bank(ctx->slots_fd, &patience->places);
	if (patience->place >= 0) {
		return false;
	}
	patience->seen = ctx->crowded(ctx->crowd) ? patience->seen + 1 : 0;
	return patience->seen > 1;
}

/* The byte of the slot, -1: too late, -2: the file cannot be locked. */
static int wait_for_slot(struct stauth_ctx *ctx, const struct bank *bank,
	struct patience *patience)
{
	int64_t from_ms = ctx->boot_ms();
	int byte = try_bank(ctx->slots_fd, bank);

	while (byte == -1 && ctx->boot_ms() - from_ms < bank->wait_ms &&
		!gives_way(ctx, patience)) {
		nap(ctx);
		byte = try_bank(ctx->slots_fd, bank);
	}
	return byte;
}

enum stauth_rc stauth_slot_take(struct stauth_ctx *ctx, bool known_device,
	struct stauth_slot *ret_slot, struct stauth_err *err)
{
	struct bank bank = bank_of(ctx, known_device);
	struct patience patience = patience_of(ctx, known_device);
	enum stauth_rc rc;

	ret_slot->index = -1;
	rc = open_file(ctx, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	int byte = wait_for_slot(ctx, &bank, &patience);
	if (byte == -2) {
		rc = stauth_fail(err, STAUTH_EUNREACHABLE, "slots.lock: %s",
			strerror(errno));
	} else if (byte == -1) {
		rc = stauth_fail(err, STAUTH_EBUSY,
			"no hashing slot within %lld ms",
			(long long)bank.wait_ms);
	} else {
		ret_slot->index = byte;
	}
	if (patience.place >= 0) {
		(void)lock_byte(ctx->slots_fd, patience.place, F_UNLCK);
	}
	return rc;
}

void stauth_slot_give(struct stauth_ctx *ctx, struct stauth_slot *slot)
{
	if (slot->index >= 0 && ctx->slots_fd >= 0) {
		(void)lock_byte(ctx->slots_fd, slot->index, F_UNLCK);
	}
	slot->index = -1;
}
