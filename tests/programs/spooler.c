/*
 * spooler - a print queue in memory that several processes share.
 *
 *	cc -o spooler spooler.c -lthread
 *
 * Clerks, threads of this process, put jobs into a ring; printers, threads of other processes, take
 * them out. Prices change now and then, and must never be seen half changed.
 */
#include <sys/types.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <thread.h>
#include <synch.h>

#define	SHOPS		3	/* processes that print */
#define	PRINTERS	2	/* threads in each */
#define	CLERKS		4
#define	JOBS		150	/* from each clerk */
#define	ALL		(CLERKS * JOBS)
#define	SLOTS		16
#define	PRICES		50	/* how often they change */

struct spool {
	mutex_t		lock;		/* of the ring and what has been printed */
	cond_t		filled;
	cond_t		emptied;
	int		first;
	int		waiting;
	int		closed;
	int		ring[SLOTS];
	int		printed[ALL];	/* how often each job was */
	sema_t		finished;	/* one for each job printed */
	rwlock_t	price_lock;
	int		page;		/* the price of a page */
	int		cover;		/* and of a cover: always ten times as much */
	int		torn;		/* prices seen half changed; under lock */
};

static struct spool	*spool;

static void
submit(job)
	int job;
{
	mutex_lock(&spool->lock);
	while (spool->waiting == SLOTS)
		cond_wait(&spool->emptied, &spool->lock);
	spool->ring[(spool->first + spool->waiting++) % SLOTS] = job;
	cond_signal(&spool->filled);
	mutex_unlock(&spool->lock);
}

/* A job, or -1 when the shop closes. */
static int
next_job()
{
	int job = -1;

	mutex_lock(&spool->lock);
	while (spool->waiting == 0 && !spool->closed)
		cond_wait(&spool->filled, &spool->lock);
	if (spool->waiting > 0) {
		job = spool->ring[spool->first];
		spool->first = (spool->first + 1) % SLOTS;
		spool->waiting--;
		cond_signal(&spool->emptied);
	}
	mutex_unlock(&spool->lock);
	return (job);
}

static void *
print(arg)
	void *arg;
{
	int job, odd;

	while ((job = next_job()) >= 0) {
		rw_rdlock(&spool->price_lock);
		odd = spool->cover != 10 * spool->page;
		rw_unlock(&spool->price_lock);

		mutex_lock(&spool->lock);
		spool->printed[job]++;
		spool->torn += odd;
		mutex_unlock(&spool->lock);
		sema_post(&spool->finished);
	}
	return (arg);
}

static void *
clerk(arg)
	void *arg;
{
	int i, first = (int)(long)arg * JOBS;

	for (i = 0; i < JOBS; i++)
		submit(first + i);
	return (arg);
}

static void *
change_prices(arg)
	void *arg;
{
	int i;

	for (i = 1; i <= PRICES; i++) {
		rw_wrlock(&spool->price_lock);
		spool->page = i;
		thr_yield();		/* somebody may want to look now */
		spool->cover = 10 * i;
		rw_unlock(&spool->price_lock);
	}
	return (arg);
}

/* A process of its own: prints until the spool is closed. */
static int
shop()
{
	int i, printers = 0;

	for (i = 0; i < PRINTERS; i++)
		if (thr_create(NULL, 0, print, NULL, 0, NULL) != 0)
			return (1);
	while (thr_join(0, NULL, NULL) == 0)
		printers++;
	return (printers != PRINTERS);
}

static int
open_spool()
{
	int zero = open("/dev/zero", O_RDWR);

	if (zero < 0)
		return (-1);
	spool = (struct spool *)mmap((caddr_t)0, sizeof (struct spool),
	    PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0);
	(void) close(zero);
	if ((caddr_t)spool == (caddr_t)MAP_FAILED)
		return (-1);
	return (mutex_init(&spool->lock, USYNC_PROCESS, NULL) ||
	    cond_init(&spool->filled, USYNC_PROCESS, NULL) ||
	    cond_init(&spool->emptied, USYNC_PROCESS, NULL) ||
	    sema_init(&spool->finished, 0, USYNC_PROCESS, NULL) ||
	    rwlock_init(&spool->price_lock, USYNC_PROCESS, NULL));
}

int
main(argc, argv)
	int argc;
	char **argv;
{
	int i, status, lost = 0, twice = 0, failed = 0;

	if (open_spool() != 0) {
		perror(argv[0]);
		return (1);
	}
	for (i = 0; i < SHOPS; i++) {
		switch (fork1()) {
		case -1:
			perror(argv[0]);
			return (1);
		case 0:
			_exit(shop());
		}
	}

	for (i = 0; i < CLERKS; i++)
		thr_create(NULL, 0, clerk, (void *)(long)i, 0, NULL);
	thr_create(NULL, 0, change_prices, NULL, 0, NULL);
	for (i = 0; i < ALL; i++)
		while (sema_wait(&spool->finished) == EINTR)
			;
	while (thr_join(0, NULL, NULL) == 0)
		;
	mutex_lock(&spool->lock);
	spool->closed = 1;
	cond_broadcast(&spool->filled);
	mutex_unlock(&spool->lock);
	while (wait(&status) > 0)
		if (status != 0)
			failed++;

	for (i = 0; i < ALL; i++) {
		lost += spool->printed[i] == 0;
		twice += spool->printed[i] > 1;
	}
	printf("spooler: %d shops, %d jobs, %d lost, %d printed twice, %d odd prices\n",
	    SHOPS - failed, ALL, lost, twice, spool->torn);
	return (argc > 0 && lost + twice + spool->torn + failed == 0 ? 0 : 1);
}
