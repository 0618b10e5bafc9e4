/* SPDX-License-Identifier: MIT */
#include "store/sqlite/walhead.h"

#include <stdatomic.h>
#include <string.h>

#include "base/banned.h"

#define REGION_SIZE 32768 /* the unit in which the index is mapped */

bool stauth_wal_head(
	const struct stauth_db *db, uint32_t ret_head[STAUTH_WAL_HEAD_WORDS])
{
	volatile void *index = NULL;
	const volatile uint32_t *words;

	sqlite3_file *file = NULL;
	/* Asked of SQLite each time: it may map the index anew. (In another
	 * mode it would make one.) */
	if (db->sql == NULL || !db->wal ||
		sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_FILE_POINTER,
			&file) != SQLITE_OK ||
		file == NULL || file->pMethods == NULL ||
		file->pMethods->iVersion < 2 ||
		file->pMethods->xShmMap(file, 0, REGION_SIZE, 0, &index) !=
			SQLITE_OK ||
		index == NULL) {
		return false;
	}
	/* The writer writes the second copy first. */
	words = index;
	for (size_t i = 0; i < STAUTH_WAL_HEAD_WORDS; i++) {
		ret_head[i] = words[i];
	}
	atomic_thread_fence(memory_order_acquire);
	return memcmp(ret_head, ret_head + STAUTH_WAL_HEAD_COPY,
		       STAUTH_WAL_HEAD_COPY * sizeof(*ret_head)) == 0;
}
