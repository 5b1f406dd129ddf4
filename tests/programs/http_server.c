/*
 * http_server - a thread for each connection, which it keeps as long as the client does.
 *
 *	cc -o http_server http_server.c -lthread -lsocket -lnsl
 *	http_server [port [requests]]
 *
 * Listens on port of the local host (0: any), says which one, and ends after so many requests
 * (0: never). tests/bench/server.py compiles it with POSIX threads too, as NPTL has them.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#ifdef POSIX_THREADS
#include <pthread.h>
#else
#include <thread.h>
#endif

#define	REQUESTLEN	4096

static const char page[] =
	"HTTP/1.1 200 OK\r\n"
	"Content-Type: text/plain\r\n"
	"Content-Length: 13\r\n"
	"\r\n"
	"Hello, world\n";
static const char wrong[] =
	"HTTP/1.1 400 Bad Request\r\n"
	"Connection: close\r\n"
	"Content-Length: 0\r\n"
	"\r\n";

/* Adds up what the threads have answered; ends the program at the last request asked for. */
#ifdef POSIX_THREADS
static pthread_mutex_t stat_lock = PTHREAD_MUTEX_INITIALIZER;
#define	LOCK()		pthread_mutex_lock(&stat_lock)
#define	UNLOCK()	pthread_mutex_unlock(&stat_lock)
#else
static mutex_t	stat_lock = DEFAULTMUTEX;
#define	LOCK()		mutex_lock(&stat_lock)
#define	UNLOCK()	mutex_unlock(&stat_lock)
#endif
static long	answered;
static long	wanted;			/* 0: no end */

static void *serve(void *arg);

static int
start_thread(int fd)
{
#ifdef POSIX_THREADS
	pthread_t id;

	return (pthread_create(&id, NULL, serve, (void *)(long)fd) == 0 ?
	    pthread_detach(id) : -1);
#else
	return (thr_create(NULL, 0, serve, (void *)(long)fd,
	    THR_DETACHED, NULL));
#endif
}

static void
count_one(void)
{
	int done;

	LOCK();
	answered++;
	done = answered == wanted;
	UNLOCK();
	if (done) {
		printf("http_server: %ld requests answered\n", wanted);
		exit(0);
	}
}

static int
send_all(int fd, const char *text, int length)
{
	int put;

	while (length > 0) {
		put = write(fd, text, length);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return (-1);
		text += put;
		length -= put;
	}
	return (0);
}

/* Whether the client asks for the end of the connection. Header lines begin at head. */
static int
wants_close(const char *head)
{
	const char *line;

	for (line = head; line != NULL; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (strncasecmp(line, "Connection: close", 17) == 0)
			return (1);
	}
	return (0);
}

/* Answers one request; -1: the connection is at its end. */
static int
answer(int fd, const char *request)
{
	if (strncmp(request, "GET ", 4) != 0) {
		(void) send_all(fd, wrong, sizeof (wrong) - 1);
		return (-1);
	}
	if (send_all(fd, page, sizeof (page) - 1) != 0)
		return (-1);
	count_one();
	return (wants_close(request) || strstr(request, " HTTP/1.0\r") != NULL ? -1 : 0);
}

static void *
serve(void *arg)
{
	int fd = (int)(long)arg;
	char buf[REQUESTLEN + 1];
	char *end;
	int have = 0, got, open = 1;

	while (open && have < REQUESTLEN) {
		got = read(fd, buf + have, REQUESTLEN - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		have += got;
		buf[have] = '\0';
		/* Clients may send requests before the last one is answered. */
		while (open && (end = strstr(buf, "\r\n\r\n")) != NULL) {
			*end = '\0';
			end += 4;
			open = answer(fd, buf) == 0;
			have -= end - buf;
			memmove(buf, end, have + 1);
		}
	}
	close(fd);
	return (NULL);
}

static int
start_listening(int port)
{
	struct sockaddr_in address;
	int fd, on = 1, len = sizeof (address);

	memset(&address, 0, sizeof (address));
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = inet_addr("127.0.0.1");
	address.sin_port = htons(port);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, (char *)&on, sizeof (on)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof (address)) < 0 ||
	    listen(fd, 1024) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
		perror("http_server");
		exit(1);
	}
	printf("http_server: port %d\n", ntohs(address.sin_port));
	fflush(stdout);
	return (fd);
}

int
main(int argc, char **argv)
{
	int listening, fd, on = 1;

	signal(SIGPIPE, SIG_IGN);
	wanted = argc > 2 ? atol(argv[2]) : 0;
	listening = start_listening(argc > 1 ? atoi(argv[1]) : 0);
	for (;;) {
		fd = accept(listening, NULL, NULL);
		if (fd < 0) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			perror("accept");
			return (1);
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, (char *)&on, sizeof (on));
		if (start_thread(fd) != 0) {
			fprintf(stderr, "http_server: no thread for a connection\n");
			close(fd);
		}
	}
}
