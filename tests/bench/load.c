/* SPDX-License-Identifier: MIT */
/*
 * HTTP clients that ask one thing again and again, each on a connection of its
 * own that is kept, each time with the next cookie of a file. Tells what each
 * of them got, which no average does.
 *
 *	load PORT PATH CLIENTS MILLISECONDS COOKIE-NAME TOKEN-FILE
 *
 * prints: answers, answers a second, answers that were not 200, clients never
 * served, least, median and most answers of a client, longest wait in ms.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"

#define CLIENTS_MAX 1024
#define TOKENS_MAX  65536
#define TOKEN_SIZE  64
#define ANSWER_MAX  16384

struct client {
	int fd;
	long served;
	double asked_at;
	double longest_s;
	size_t len;
	char answer[ANSWER_MAX];
};

struct load {
	int port;
	const char *path;
	const char *cookie;
	size_t tokens;
	size_t next_token;
	char (*token)[TOKEN_SIZE];
	struct client *clients;
	size_t count;
	int epoll_fd;
	long bad;
};

static double now_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void fail(const char *what)
{
	(void)fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(70);
}

static void read_tokens(struct load *load, const char *path)
{
	FILE *file = fopen(path, "re");

	load->token = calloc(TOKENS_MAX, sizeof(*load->token));
	if (!file || !load->token) {
		fail(path);
	}
	while (load->tokens < TOKENS_MAX &&
		fgets(load->token[load->tokens], TOKEN_SIZE, file)) {
		char *token = load->token[load->tokens++];

		token[strcspn(token, "\n")] = '\0';
	}
	(void)fclose(file);
	if (load->tokens == 0) {
		fail("no tokens");
	}
}

static void ask(struct load *load, struct client *client)
{
	char request[1024];
	const char *token = load->token[load->next_token++ % load->tokens];
	int len = snprintf(request, sizeof(request),
		"GET %s HTTP/1.1\r\nHost: localhost:%d\r\n"
		"Cookie: theme=dark; %s=%s\r\n"
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0\r\n"
		"Accept: text/html,*/*;q=0.8\r\nAccept-Language: en\r\n"
		"Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
		"Sec-Fetch-Site: none\r\n\r\n",
		load->path, load->port, load->cookie, token);

	client->len = 0;
	client->asked_at = now_s();
	if (send(client->fd, request, (size_t)len, MSG_NOSIGNAL) != len) {
		fail("send");
	}
}

static void start(struct load *load, struct client *client)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)load->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
	int one = 1;

	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0 ||
		connect(client->fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		fail("connect");
	}
	(void)setsockopt(
		client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, client->fd, &event) != 0) {
		fail("epoll");
	}
	ask(load, client);
}

static int is_whole(const struct client *client)
{
	const char *end = strstr(client->answer, "\r\n\r\n");
	const char *length = strcasestr(client->answer, "\nContent-Length:");
	size_t body = 0;

	if (!end) {
		return 0;
	}
	if (length && length < end) {
		body = strtoul(length + 16, NULL, 10);
	}
	return client->len >= (size_t)(end + 4 - client->answer) + body;
}

static void take(struct load *load, struct client *client)
{
	ssize_t got = recv(client->fd, client->answer + client->len,
		sizeof(client->answer) - client->len - 1, 0);

	if (got <= 0) {
		fail("the server hung up");
	}
	client->len += (size_t)got;
	client->answer[client->len] = '\0';
	if (!is_whole(client)) {
		return;
	}
	double waited_s = now_s() - client->asked_at;

	if (waited_s > client->longest_s) {
		client->longest_s = waited_s;
	}
	client->served++;
	load->bad += strncmp(client->answer, "HTTP/1.1 200 ", 13) != 0;
	ask(load, client);
}

static double run(struct load *load, double seconds)
{
	double start_s = now_s();
	double left_s = seconds;

	while (left_s > 0) {
		struct epoll_event events[64];
		int count = epoll_wait(
			load->epoll_fd, events, 64, (int)(left_s * 1000) + 1);

		for (int i = 0; i < count; i++) {
			take(load, events[i].data.ptr);
		}
		left_s = start_s + seconds - now_s();
	}
	return now_s() - start_s;
}

static int by_served(const void *a, const void *b)
{
	long one = ((const struct client *)a)->served;
	long two = ((const struct client *)b)->served;

	return (one > two) - (one < two);
}

static void tell(struct load *load, double took_s)
{
	long total = 0;
	long never = 0;
	double longest_s = 0;

	for (size_t i = 0; i < load->count; i++) {
		const struct client *client = &load->clients[i];

		total += client->served;
		never += client->served == 0;
		if (client->longest_s > longest_s) {
			longest_s = client->longest_s;
		}
	}
	qsort(load->clients, load->count, sizeof(*load->clients), by_served);
	(void)printf("%ld %.1f %ld %ld %ld %ld %ld %.1f\n", total,
		(double)total / took_s, load->bad, never,
		load->clients[0].served, load->clients[load->count / 2].served,
		load->clients[load->count - 1].served, longest_s * 1000);
}

int main(int argc, char **argv)
{
	struct load load = {.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};

	if (argc != 7) {
		(void)fprintf(stderr, "usage: load PORT PATH CLIENTS "
				      "MILLISECONDS COOKIE-NAME TOKEN-FILE\n");
		return 64;
	}
	load.port = (int)strtol(argv[1], NULL, 10);
	load.path = argv[2];
	load.count = strtoul(argv[3], NULL, 10);
	load.cookie = argv[5];
	read_tokens(&load, argv[6]);
	load.clients = calloc(CLIENTS_MAX, sizeof(*load.clients));
	if (!load.clients || load.count < 1 || load.count > CLIENTS_MAX) {
		fail("1 to 1024 clients");
	}
	for (size_t i = 0; i < load.count; i++) {
		start(&load, &load.clients[i]);
	}
	tell(&load, run(&load, (double)strtol(argv[4], NULL, 10) / 1000));
	return 0;
}
