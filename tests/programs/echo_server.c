/*
 * echo_server - a thread for each connection; the clients are threads of the same program.
 *
 *	cc -o echo_server echo_server.c -lthread -lsocket -lnsl
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <thread.h>
#include <synch.h>

#define	CLIENTS		12
#define	LINES		50
#define	LINELEN		64

static mutex_t	stat_lock = DEFAULTMUTEX;
static int	connections;
static long	echoed;

static sema_t	gone;			/* one for each connection that has ended */
static struct sockaddr_in address;	/* where the server listens */

/* Reads until n bytes are there; 0 at the end of the stream. */
static int
readn(int fd, char *buf, int n)
{
	int got, have = 0;

	while (have < n) {
		got = read(fd, buf + have, n - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (0);
		have += got;
	}
	return (have);
}

static int
writen(int fd, const char *buf, int n)
{
	int put, done = 0;

	while (done < n) {
		put = write(fd, buf + done, n - done);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return (0);
		done += put;
	}
	return (done);
}

static void *
serve(void *arg)
{
	int fd = (int)(long)arg;
	char line[LINELEN];
	long bytes = 0;

	while (readn(fd, line, LINELEN) == LINELEN) {
		if (writen(fd, line, LINELEN) != LINELEN)
			break;
		bytes += LINELEN;
	}
	close(fd);
	mutex_lock(&stat_lock);
	connections++;
	echoed += bytes;
	mutex_unlock(&stat_lock);
	sema_post(&gone);
	return (NULL);
}

static void *
listener(void *arg)
{
	int listening = (int)(long)arg;
	int fd;

	for (;;) {
		fd = accept(listening, NULL, NULL);
		if (fd < 0) {
			if (errno == EINTR)
				continue;
			perror("accept");
			return (NULL);
		}
		if (thr_create(NULL, 0, serve, (void *)(long)fd,
		    THR_DETACHED | THR_NEW_LWP, NULL) != 0) {
			fprintf(stderr, "echo_server: no thread for a connection\n");
			close(fd);
		}
	}
}

/* Its status is the number of lines that came back wrong. */
static void *
client(void *arg)
{
	int number = (int)(long)arg;
	char sent[LINELEN], back[LINELEN];
	int i, fd;
	long wrong = 0;

	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof (address)) < 0) {
		perror("connect");
		return ((void *)(long)LINES);
	}
	for (i = 0; i < LINES; i++) {
		memset(sent, 0, sizeof (sent));
		memset(back, 0, sizeof (back));
		sprintf(sent, "client %d, thread %u, line %d", number, thr_self(), i);
		if (writen(fd, sent, LINELEN) != LINELEN ||
		    readn(fd, back, LINELEN) != LINELEN ||
		    memcmp(sent, back, LINELEN) != 0)
			wrong++;
	}
	close(fd);
	return ((void *)wrong);
}

static int
start_listening(void)
{
	int fd, len = sizeof (address);

	fd = socket(AF_INET, SOCK_STREAM, 0);
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = inet_addr("127.0.0.1");
	address.sin_port = 0;
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof (address)) < 0 ||
	    listen(fd, CLIENTS) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
		perror("echo_server");
		return (-1);
	}
	return (fd);
}

int
main(void)
{
	thread_t tid[CLIENTS];
	int i, listening;
	long wrong = 0;
	void *status;

	signal(SIGPIPE, SIG_IGN);
	listening = start_listening();
	if (listening < 0)
		return (1);
	sema_init(&gone, 0, USYNC_THREAD, NULL);
	if (thr_create(NULL, 0, listener, (void *)(long)listening,
	    THR_DAEMON | THR_NEW_LWP, NULL) != 0)
		return (1);
	for (i = 0; i < CLIENTS; i++) {
		if (thr_create(NULL, 0, client, (void *)(long)i,
		    (i % 2) ? THR_BOUND : THR_NEW_LWP, &tid[i]) != 0)
			return (1);
	}
	for (i = 0; i < CLIENTS; i++) {
		if (thr_join(tid[i], NULL, &status) != 0)
			return (1);
		wrong += (long)status;
	}
	for (i = 0; i < CLIENTS; i++)
		while (sema_wait(&gone) == EINTR)
			;
	printf("echo_server: %d connections, %ld bytes, %ld wrong lines\n",
	    connections, echoed, wrong);
	return (connections == CLIENTS && wrong == 0 &&
	    echoed == (long)CLIENTS * LINES * LINELEN ? 0 : 1);
}
