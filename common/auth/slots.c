/* SPDX-License-Identifier: MIT */
#include "auth/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#include "base/banned.h"

#define WAIT_WEB_MS   3000
#define WAIT_OTHER_MS 20000
#define NAP_MIN_MS    5
#define NAP_SPREAD_MS 16

/* Where each pool begins, as bytes of the file. */
#define BYTE_WEB    0
#define BYTE_DEVICE 1000
#define BYTE_WAIT   1500
#define BYTE_PAM    2000
#define BYTE_CLI    3000

/* What try_pool gives where it gives no byte. */
#define ALL_HELD  (-1)
#define NO_LOCKS  (-2)
#define NO_DEVICE (-1)

/* count bytes from first on, and perhaps one more. */
struct pool {
	int first;
	int count;
	int extra; /* NO_DEVICE: none */
};

static struct pool slots_for(const struct stauth_ctx *ctx, bool known_device)
{
	switch (ctx->slots) {
	case STAUTH_SLOTS_PAM:
		return (struct pool){BYTE_PAM, 1, NO_DEVICE};
	case STAUTH_SLOTS_CLI:
		return (struct pool){BYTE_CLI, 1, NO_DEVICE};
	case STAUTH_SLOTS_WEB:
		break;
	}
	return (struct pool){BYTE_WEB, ctx->config->hash_slots,
		known_device ? BYTE_DEVICE : NO_DEVICE};
}

/* A waiting request keeps a page worker busy: half of them are enough. */
static struct pool waiting_places(const struct stauth_config *config)
{
	int half = config->page_workers / 2;

	return (struct pool){BYTE_WAIT, half > 0 ? half : 1, NO_DEVICE};
}

/* The file is shared by everybody who may use the directory, so it belongs
 * to the directory's owner, no matter who came first. */
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
		close(fd);
		(void)unlink(path);
		errno = code;
		return -1;
	}
	return fd;
}

static enum stauth_rc open_file(struct stauth_ctx *ctx, struct stauth_err *err)
{
	struct stat st;
	const char *dir = ctx->config->state_dir;

	/* Somebody tidied up: an unlinked file would limit only ourselves. */
	if (ctx->slots_fd >= 0 &&
		(fstat(ctx->slots_fd, &st) != 0 || st.st_nlink == 0)) {
		close(ctx->slots_fd);
		ctx->slots_fd = -1;
	}
	if (ctx->slots_fd >= 0) {
		return STAUTH_OK;
	}
	char path[PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/slots.lock", dir);
	if (stat(dir, &st) != 0) {
		return stauth_fail(err, STAUTH_EUNREACHABLE, "%.120s: %s", dir,
			strerror(errno));
	}
	int fd = -1;
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

/* The byte that was taken, ALL_HELD or NO_LOCKS. */
static int try_pool(int fd, const struct pool *pool)
{
	for (int i = 0; i < pool->count; i++) {
		if (lock_byte(fd, pool->first + i, F_WRLCK)) {
			return pool->first + i;
		}
		if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
			return NO_LOCKS;
		}
	}
	if (pool->extra >= 0 && lock_byte(fd, pool->extra, F_WRLCK)) {
		return pool->extra;
	}
	return ALL_HELD;
}

static bool any_free(int fd, const struct pool *pool)
{
	for (int i = 0; i < pool->count; i++) {
		struct flock lock = {
			.l_type = F_WRLCK,
			.l_whence = SEEK_SET,
			.l_start = pool->first + i,
			.l_len = 1,
		};
		if (fcntl(fd, F_OFD_GETLK, &lock) != 0 ||
			lock.l_type == F_UNLCK) {
			return true;
		}
	}
	return false;
}

/* Uneven naps, so that those who wait do not come back in step. */
static void nap(struct stauth_ctx *ctx)
{
	uint8_t byte = 0;

	(void)ctx->random(&byte, sizeof(byte), NULL);
	stauth_sleep_ms(NAP_MIN_MS + byte % NAP_SPREAD_MS);
}

static int wait_for(struct stauth_ctx *ctx, const struct pool *pool)
{
	int64_t wait_ms =
		ctx->slots == STAUTH_SLOTS_WEB ? WAIT_WEB_MS : WAIT_OTHER_MS;
	int64_t from_ms = ctx->boot_ms();
	int byte = ALL_HELD;

	while (byte == ALL_HELD && ctx->boot_ms() - from_ms < wait_ms) {
		nap(ctx);
		byte = try_pool(ctx->slots_fd, pool);
	}
	return byte;
}

/* One of the few who may wait without a known device, or nobody. */
static int wait_in_place(struct stauth_ctx *ctx, const struct pool *pool)
{
	const struct pool places = waiting_places(ctx->config);
	int place = try_pool(ctx->slots_fd, &places);

	if (place < 0) {
		return place;
	}
	int byte = wait_for(ctx, pool);
	int code = errno;
	(void)lock_byte(ctx->slots_fd, place, F_UNLCK);
	errno = code;
	return byte;
}

enum stauth_rc stauth_slot_check(
	struct stauth_ctx *ctx, bool known_device, struct stauth_err *err)
{
	if (ctx->slots != STAUTH_SLOTS_WEB || known_device) {
		return STAUTH_OK;
	}
	enum stauth_rc rc = open_file(ctx, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	const struct pool slots = slots_for(ctx, false);
	const struct pool places = waiting_places(ctx->config);
	if (any_free(ctx->slots_fd, &slots) ||
		any_free(ctx->slots_fd, &places)) {
		return STAUTH_OK;
	}
	return stauth_fail(err, STAUTH_EBUSY, "no free hashing slot");
}

enum stauth_rc stauth_slot_take(struct stauth_ctx *ctx, bool known_device,
	struct stauth_slot *ret_slot, struct stauth_err *err)
{
	const struct pool pool = slots_for(ctx, known_device);
	bool stranger = ctx->slots == STAUTH_SLOTS_WEB && !known_device;

	ret_slot->index = -1;
	enum stauth_rc rc = open_file(ctx, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	int byte = try_pool(ctx->slots_fd, &pool);
	if (byte == ALL_HELD) {
		byte = stranger ? wait_in_place(ctx, &pool)
				: wait_for(ctx, &pool);
	}
	if (byte == ALL_HELD) {
		return stauth_fail(err, STAUTH_EBUSY, "no free hashing slot");
	}
	if (byte == NO_LOCKS) {
		return stauth_fail(err, STAUTH_EUNREACHABLE, "slots.lock: %s",
			strerror(errno));
	}
	ret_slot->index = byte;
	return STAUTH_OK;
}

void stauth_slot_give(struct stauth_ctx *ctx, struct stauth_slot *slot)
{
	if (slot->index >= 0 && ctx->slots_fd >= 0) {
		(void)lock_byte(ctx->slots_fd, slot->index, F_UNLCK);
	}
	slot->index = -1;
}

struct stauth_password_cost stauth_hash_cost(const struct stauth_config *config)
{
	return (struct stauth_password_cost){
		.memory_kib = config->argon2_memory_kib,
		.passes = config->argon2_passes,
	};
}

enum stauth_rc stauth_hash_new(struct stauth_ctx *ctx, bool known_device,
	const struct stauth_secret *password,
	char ret_encoded[STAUTH_PASSWORD_ENCODED_SIZE], struct stauth_err *err)
{
	struct stauth_password_cost cost = stauth_hash_cost(ctx->config);
	struct stauth_slot slot;
	enum stauth_rc rc = stauth_slot_take(ctx, known_device, &slot, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_password_encode(
		&cost, ctx->random, password, ret_encoded, err);
	stauth_slot_give(ctx, &slot);
	return rc;
}
