/*
 * foreman - stops the whole shop now and then to count.
 *
 *	cc -mt -o foreman foreman.c
 *
 * Workers price jobs from a list under a readers/writer lock; a clerk changes the list; the foreman
 * suspends all workers, wherever they are, counts twice what they have done, and lets them go on.
 * Nothing may move between the two counts.
 */
#include <thread.h>
#include <synch.h>
#include <stdio.h>

#define	WORKERS		6
#define	JOBS		12000
#define	INSPECTIONS	25
#define	PARTS		32

struct worker {
	thread_t	id;
	volatile long	jobs;		/* priced so far */
	volatile long	looks;		/* at the list, so far */
	long		odd;		/* lists seen half changed */
};

static struct worker	shop[WORKERS];
static sema_t		to_do;
static mutex_t		job_lock = DEFAULTMUTEX;
static int		taken;		/* jobs that somebody has */

static rwlock_t		list_lock = DEFAULTRWLOCK;
static int		price[PARTS];	/* all the same, but for the moment of a change */

static mutex_t		news_lock;	/* of the next two */
static cond_t		counted;
static int		inspections;

static void *
work(arg)
	void *arg;
{
	struct worker *me = (struct worker *)arg;
	int i, job;

	for (;;) {
		sema_wait(&to_do);
		mutex_lock(&job_lock);
		job = taken++;
		mutex_unlock(&job_lock);
		if (job >= JOBS)
			return (NULL);		/* the shop closes */
		rw_rdlock(&list_lock);
		for (i = 1; i < PARTS; i++)
			if (price[i] != price[0])
				me->odd++;
		rw_unlock(&list_lock);
		me->looks++;
		me->jobs++;
	}
}

/* A new price list after each inspection. */
static void *
clerk(arg)
	void *arg;
{
	int seen = 0, i;

	while (seen < INSPECTIONS) {
		mutex_lock(&news_lock);
		while (inspections == seen)
			cond_wait(&counted, &news_lock);
		seen = inspections;
		mutex_unlock(&news_lock);

		rw_wrlock(&list_lock);
		for (i = 0; i < PARTS; i++) {
			price[i] = seen;
			if (i == PARTS / 2)
				thr_yield();	/* with half a list */
		}
		rw_unlock(&list_lock);
	}
	return (arg);
}

static long
count()
{
	long sum = 0;
	int i;

	for (i = 0; i < WORKERS; i++)
		sum += shop[i].jobs + shop[i].looks;
	return (sum);
}

static void *
inspect(arg)
	void *arg;
{
	long *moved = (long *)arg;
	long before;
	int round, i;

	for (round = 1; round <= INSPECTIONS; round++) {
		for (i = 0; i < WORKERS; i++)
			if (thr_suspend(shop[i].id) != 0)
				++*moved;
		before = count();
		for (i = 0; i < 20; i++)
			thr_yield();
		*moved += count() - before;
		for (i = 0; i < WORKERS; i++)
			thr_continue(shop[i].id);

		mutex_lock(&news_lock);
		inspections = round;
		cond_signal(&counted);
		mutex_unlock(&news_lock);
		thr_yield();
	}
	return (arg);
}

int
main(argc, argv)
	int argc;
	char **argv;
{
	thread_t foreman, writer;
	long moved = 0, jobs = 0, odd = 0;
	int i;

	for (i = 0; i < WORKERS; i++) {
		if (thr_create(NULL, 0, work, &shop[i], THR_SUSPENDED,
		    &shop[i].id) != 0) {
			fprintf(stderr, "%s: no worker\n", argv[0]);
			return (1);
		}
	}
	thr_create(NULL, 0, clerk, NULL, 0, &writer);
	/* The shop opens after the first inspection. */
	thr_create(NULL, 0, inspect, &moved, THR_BOUND, &foreman);

	for (i = 0; i < JOBS; i++) {
		sema_post(&to_do);
		if (i % 64 == 0)
			thr_yield();
	}
	thr_join(foreman, NULL, NULL);
	thr_join(writer, NULL, NULL);
	for (i = 0; i < WORKERS; i++)
		sema_post(&to_do);
	while (thr_join(0, NULL, NULL) == 0)
		;

	for (i = 0; i < WORKERS; i++) {
		jobs += shop[i].jobs;
		odd += shop[i].odd;
	}
	printf("foreman: %d jobs, %d inspections, %ld moved meanwhile, %ld odd lists\n",
	    (int)jobs, inspections, moved, odd);
	return (argc > 0 && jobs == JOBS && moved == 0 && odd == 0 ? 0 : 1);
}
