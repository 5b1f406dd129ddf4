/*
 * bounded_buffer - producers and consumers around a ring of slots.
 *
 *	cc -o bounded_buffer bounded_buffer.c -lthread
 */
#include <thread.h>
#include <synch.h>
#include <stdio.h>

#define	SLOTS		8
#define	PRODUCERS	6
#define	CONSUMERS	4
#define	ITEMS		5000	/* made by each producer */
#define	END		(-1)	/* no more items: the consumer goes home */

struct ring {
	mutex_t	lock;
	cond_t	not_empty;
	cond_t	not_full;
	int	count;
	int	head;
	int	tail;
	int	slot[SLOTS];
};

static struct ring ring;	/* all zero: ready for use */
static mutex_t sum_lock = DEFAULTMUTEX;
static long made_sum, used_sum;
static int used;

void
put(r, item)
	struct ring *r;
	int item;
{
	mutex_lock(&r->lock);
	while (r->count == SLOTS)
		cond_wait(&r->not_full, &r->lock);
	r->slot[r->tail] = item;
	r->tail = (r->tail + 1) % SLOTS;
	r->count++;
	cond_signal(&r->not_empty);
	mutex_unlock(&r->lock);
}

int
get(r)
	struct ring *r;
{
	int item;

	mutex_lock(&r->lock);
	while (r->count == 0)
		cond_wait(&r->not_empty, &r->lock);
	item = r->slot[r->head];
	r->head = (r->head + 1) % SLOTS;
	r->count--;
	cond_signal(&r->not_full);
	mutex_unlock(&r->lock);
	return (item);
}

void *
producer(arg)
	void *arg;
{
	int number = (int)(long)arg;
	int i, item;
	long sum = 0;

	for (i = 0; i < ITEMS; i++) {
		item = number * ITEMS + i;
		sum += item;
		put(&ring, item);
	}
	mutex_lock(&sum_lock);
	made_sum += sum;
	mutex_unlock(&sum_lock);
	return (arg);
}

void *
consumer(arg)
	void *arg;
{
	int item;
	int n = 0;
	long sum = 0;

	while ((item = get(&ring)) != END) {
		sum += item;
		n++;
	}
	mutex_lock(&sum_lock);
	used_sum += sum;
	used += n;
	mutex_unlock(&sum_lock);
	thr_exit(arg);
	/* NOTREACHED */
}

int
main(argc, argv)
	int argc;
	char **argv;
{
	int i, joined;
	thread_t who;
	void *status;

	for (i = 0; i < CONSUMERS; i++) {
		if (thr_create(NULL, 0, consumer, (void *)(long)i, 0, NULL)) {
			fprintf(stderr, "%s: cannot create a consumer\n", argv[0]);
			return (1);
		}
	}
	for (i = 0; i < PRODUCERS; i++) {
		if (thr_create(NULL, 0, producer, (void *)(long)i, THR_NEW_LWP, &who)) {
			fprintf(stderr, "%s: cannot create a producer\n", argv[0]);
			return (1);
		}
	}

	/* Whoever comes: a consumer cannot leave before it got its END. */
	for (i = 0; i < PRODUCERS; i++) {
		if (thr_join(0, &who, &status)) {
			fprintf(stderr, "%s: nobody to join\n", argv[0]);
			return (1);
		}
	}
	for (i = 0; i < CONSUMERS; i++)
		put(&ring, END);
	joined = PRODUCERS;
	while (thr_join(0, NULL, NULL) == 0)
		joined++;

	printf("bounded_buffer: %d threads, %d items, sums %ld %ld\n",
	    joined, used, made_sum, used_sum);
	return (joined == PRODUCERS + CONSUMERS && used == PRODUCERS * ITEMS &&
	    made_sum == used_sum && argc > 0 ? 0 : 1);
}
