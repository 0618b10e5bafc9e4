/* SPDX-License-Identifier: MIT */
/* libfcgi as its examples use it: eight threads, no keep-alive, 204. */
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

#include <fcgiapp.h>

#include "base/banned.h"

#define THREADS 8

static int listen_fd;

static void *serve(void *arg)
{
	FCGX_Request request;

	(void)arg;
	if (FCGX_InitRequest(&request, listen_fd, 0) != 0) {
		return NULL;
	}
	while (FCGX_Accept_r(&request) == 0) {
		(void)FCGX_PutS("Status: 204 No Content\r\n"
				"X-Auth-User: noop\r\n\r\n",
			request.out);
		FCGX_Finish_r(&request);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];

	if (argc != 2 || FCGX_Init() != 0) {
		(void)fprintf(stderr, "usage: textbook SOCKET\n");
		return 64;
	}
	(void)umask(0);
	listen_fd = FCGX_OpenSocket(argv[1], 1024);
	for (int i = 0; i < THREADS; i++) {
		(void)pthread_create(&threads[i], NULL, serve, NULL);
	}
	for (int i = 0; i < THREADS; i++) {
		(void)pthread_join(threads[i], NULL);
	}
	return 0;
}
