/*
 * matrix - multiplies two matrices by several threads and compares with the plain product.
 *
 *	cc -o matrix matrix.c -lthread
 *	matrix [threads]
 */
#include <thread.h>
#include <synch.h>
#include <stdio.h>
#include <stdlib.h>

#define	N		120
#define	MAXTHREADS	32

static int	a[N][N], b[N][N];
static long	product[N][N], expected[N][N];

static mutex_t	row_lock;	/* guards next_row */
static int	next_row;

static rwlock_t	gate;		/* held for writing until all workers exist */
static sema_t	rows_done;	/* posted once for each row */
static thread_key_t rows_key;	/* rows of one worker, for its destructor */

static mutex_t	tally_lock = DEFAULTMUTEX;
static int	tally;		/* rows, as told by the destructors */

static void
multiply_row(long to[N][N], int row)
{
	int j, k;
	long sum;

	for (j = 0; j < N; j++) {
		sum = 0;
		for (k = 0; k < N; k++)
			sum += (long)a[row][k] * b[k][j];
		to[row][j] = sum;
	}
}

static void
tell_rows(void *value)
{
	int *rows = value;

	mutex_lock(&tally_lock);
	tally += *rows;
	mutex_unlock(&tally_lock);
	free(rows);
}

static int
take_row(void)
{
	int row = -1;

	mutex_lock(&row_lock);
	if (next_row < N)
		row = next_row++;
	mutex_unlock(&row_lock);
	return (row);
}

static void *
worker(void *arg)
{
	int *rows = malloc(sizeof (int));
	void *again;
	int row;

	*rows = 0;
	thr_setspecific(rows_key, rows);
	rw_rdlock(&gate);
	while ((row = take_row()) >= 0) {
		multiply_row(product, row);
		thr_getspecific(rows_key, &again);
		++*(int *)again;
		sema_post(&rows_done);
		thr_yield();
	}
	rw_unlock(&gate);
	return (arg);
}

int
main(int argc, char **argv)
{
	thread_t tid[MAXTHREADS];
	int i, j, wrong = 0;
	int threads = argc > 1 ? atoi(argv[1]) : 8;
	void *status;

	if (threads < 1 || threads > MAXTHREADS) {
		fprintf(stderr, "usage: matrix [threads]\n");
		return (2);
	}
	for (i = 0; i < N; i++)
		for (j = 0; j < N; j++) {
			a[i][j] = (i * 7 + j * 3) % 19 - 9;
			b[i][j] = (i * 5 + j * 11) % 23 - 11;
		}

	thr_setconcurrency(4);
	if (thr_getconcurrency() != 4)
		printf("matrix: asked for 4 light-weight processes, got %d\n",
		    thr_getconcurrency());
	thr_keycreate(&rows_key, tell_rows);
	sema_init(&rows_done, 0, USYNC_THREAD, NULL);

	rw_wrlock(&gate);
	for (i = 0; i < threads; i++)
		if (thr_create(NULL, 0, worker, (void *)&tid[i], 0, &tid[i]) != 0)
			return (1);
	rw_unlock(&gate);

	for (i = 0; i < N; i++)
		sema_wait(&rows_done);
	for (i = 0; i < threads; i++)
		if (thr_join(tid[i], NULL, &status) != 0 || status != (void *)&tid[i])
			wrong++;
	for (i = 0; i < N; i++) {
		multiply_row(expected, i);
		for (j = 0; j < N; j++)
			if (product[i][j] != expected[i][j])
				wrong++;
	}
	printf("matrix: %d threads, %d rows, %d wrong\n", threads, tally, wrong);
	return (wrong == 0 && tally == N ? 0 : 1);
}
