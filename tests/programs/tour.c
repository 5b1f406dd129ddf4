/*
 * tour - an order desk with a thousand people, each a thread without a light-weight process of
 * its own. Something to look at with lwpinspect.
 *
 *	cc -o tour tour.c -lthread
 *	tour [seconds]		0, the default: until killed
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <thread.h>
#include <synch.h>

#define	CUSTOMERS	600
#define	CLERKS		150
#define	PACKERS		100
#define	DRIVERS		147	/* with auditor, foreman and gatekeeper: a thousand */
#define	PEOPLE		(CUSTOMERS + CLERKS + PACKERS + DRIVERS + 3)
#define	STACK		(64 * 1024)
#define	ITEMS		40

struct order {
	int		item;
	int		quantity;
	int		delivered;
	mutex_t		lock;
	cond_t		arrived;
	struct order	*next;
};

struct queue {
	mutex_t		lock;
	struct order	*first;
	struct order	**last;
};

static struct queue	desk, packing;
static cond_t		desk_filled;
static sema_t		to_pack;	/* orders in `packing' */

static rwlock_t		price_lock;
static int		price[ITEMS];

static mutex_t		dock;		/* one parcel at a time */
static mutex_t		gate;		/* shut while the shop is open */

static mutex_t		shop_lock;
static cond_t		shop_closes;
static int		closed;		/* 1 customers go, 2 clerks go, 3 all go */

static mutex_t		book_lock;
static long		placed, priced, packed, delivered, driven;

static thread_t		person[PEOPLE];
static int		people;

static void
bump(long *entry)
{
	mutex_lock(&book_lock);
	++*entry;
	mutex_unlock(&book_lock);
}

/* Waits some milliseconds, or until the shop closes as far as `level'. Says whether it has. */
static int
linger(int milliseconds, int level)
{
	timestruc_t t;
	int over;

	t.tv_sec = milliseconds / 1000;
	t.tv_nsec = (milliseconds % 1000) * 1000000L;
	mutex_lock(&shop_lock);
	if (closed < level)
		cond_reltimedwait(&shop_closes, &shop_lock, &t);
	over = closed >= level;
	mutex_unlock(&shop_lock);
	return (over);
}

static void
append(struct queue *q, struct order *o)
{
	o->next = NULL;
	if (q->last == NULL)
		q->last = &q->first;
	*q->last = o;
	q->last = &o->next;
}

static struct order *
take_first(struct queue *q)
{
	struct order *o = q->first;

	if (o != NULL) {
		q->first = o->next;
		if (q->first == NULL)
			q->last = &q->first;
	}
	return (o);
}

/* ---- customers ---- */

static void
place_order(struct order *o)
{
	mutex_lock(&desk.lock);
	append(&desk, o);
	cond_signal(&desk_filled);
	mutex_unlock(&desk.lock);
	bump(&placed);
}

static void
await_delivery(struct order *o)
{
	mutex_lock(&o->lock);
	while (!o->delivered)
		cond_wait(&o->arrived, &o->lock);
	mutex_unlock(&o->lock);
}

static void
go_shopping(unsigned int *luck)
{
	struct order o;

	memset(&o, 0, sizeof (o));	/* locks and conditions are ready when zero */
	*luck = *luck * 1103515245 + 12345;
	o.item = (*luck >> 16) % ITEMS;
	o.quantity = 1 + (*luck >> 8) % 5;
	place_order(&o);
	await_delivery(&o);
}

static void *
customer(void *arg)
{
	unsigned int luck = thr_self();

	do
		go_shopping(&luck);
	while (!linger(50 + (luck >> 12) % 450, 1));
	return (arg);
}

/* ---- clerks ---- */

static struct order *
take_order(void)
{
	struct order *o;

	mutex_lock(&desk.lock);
	while ((o = take_first(&desk)) == NULL && closed < 2)
		cond_wait(&desk_filled, &desk.lock);
	mutex_unlock(&desk.lock);
	return (o);
}

static int
look_up_price(int item)
{
	int p;

	rw_rdlock(&price_lock);
	p = price[item];
	rw_unlock(&price_lock);
	return (p);
}

static void
write_invoice(struct order *o)
{
	if (look_up_price(o->item) * o->quantity > 0)
		bump(&priced);
}

static void *
clerk(void *arg)
{
	struct order *o;

	while ((o = take_order()) != NULL) {
		write_invoice(o);
		mutex_lock(&packing.lock);
		append(&packing, o);
		mutex_unlock(&packing.lock);
		sema_post(&to_pack);
	}
	return (arg);
}

/* ---- packers ---- */

static void
deliver(struct order *o)
{
	bump(&delivered);
	mutex_lock(&o->lock);
	o->delivered = 1;
	cond_signal(&o->arrived);
	mutex_unlock(&o->lock);		/* the customer may go home with `o' now */
}

static void
carry_to_dock(struct order *o)
{
	mutex_lock(&dock);
	bump(&packed);
	mutex_unlock(&dock);
	deliver(o);
}

static void *
packer(void *arg)
{
	struct order *o;

	for (;;) {
		while (sema_wait(&to_pack) != 0)
			;
		mutex_lock(&packing.lock);
		o = take_first(&packing);
		mutex_unlock(&packing.lock);
		if (o == NULL)
			return (arg);	/* a post without an order: time to go */
		carry_to_dock(o);
	}
}

/* ---- drivers, and those with a duty of their own ---- */

static void
leave_by_gate(void)
{
	mutex_lock(&gate);
	bump(&driven);
	mutex_unlock(&gate);
}

static void *
driver(void *arg)
{
	leave_by_gate();
	return (arg);
}

static void *
gatekeeper(void *arg)
{
	sema_t *shut = arg;

	mutex_lock(&gate);
	sema_post(shut);
	while (!linger(60000, 3))
		;
	mutex_unlock(&gate);
	return (arg);
}

static void
revise_prices(void)
{
	int i;

	rw_wrlock(&price_lock);
	for (i = 0; i < ITEMS; i++)
		price[i] = 1 + (price[i] + i) % 97;
	linger(120, 3);			/* thinks it over, the list in hand */
	rw_unlock(&price_lock);
}

static void *
auditor(void *arg)
{
	do
		revise_prices();
	while (!linger(280, 3));
	return (arg);
}

static void
inspect_dock(void)
{
	mutex_lock(&dock);
	linger(80, 3);
	mutex_unlock(&dock);
}

static void *
foreman(void *arg)
{
	do
		inspect_dock();
	while (!linger(320, 3));
	return (arg);
}

/* ---- the day ---- */

static void
hire(int n, void *(*job)(void *), void *arg)
{
	int error;

	while (n-- > 0) {
		error = thr_create(NULL, STACK, job, arg, 0, &person[people]);
		if (error != 0) {
			fprintf(stderr, "tour: %s\n", strerror(error));
			exit(1);
		}
		people++;
	}
}

/* Announces how far the shop is closed, and sees off the next n people. */
static void
see_off(int level, int *from, int n)
{
	mutex_lock(&shop_lock);
	mutex_lock(&desk.lock);
	closed = level;
	cond_broadcast(&desk_filled);
	mutex_unlock(&desk.lock);
	cond_broadcast(&shop_closes);
	mutex_unlock(&shop_lock);
	for (; n > 0; n--) {
		if (thr_join(person[*from], NULL, NULL) != 0) {
			fprintf(stderr, "tour: thread %u is lost\n", person[*from]);
			exit(1);
		}
		++*from;
	}
}

int
main(int argc, char **argv)
{
	int seconds = argc > 1 ? atoi(argv[1]) : 0;
	int i, gone = 0;
	sema_t shut;

	memset(&shut, 0, sizeof (shut));
	for (i = 0; i < ITEMS; i++)
		price[i] = 1 + i;
	thr_setconcurrency(4);
	hire(CUSTOMERS, customer, NULL);
	hire(CLERKS, clerk, NULL);
	hire(PACKERS, packer, NULL);
	hire(1, gatekeeper, &shut);
	while (sema_wait(&shut) != 0)
		;
	hire(DRIVERS, driver, NULL);
	hire(1, auditor, NULL);
	hire(1, foreman, NULL);
	printf("order desk: open, process %ld, %d threads\n", (long)getpid(), people);
	fflush(stdout);

	if (seconds == 0)
		while (!linger(3600 * 1000, 3))
			;
	linger(seconds * 1000, 3);

	see_off(1, &gone, CUSTOMERS);
	see_off(2, &gone, CLERKS);
	for (i = 0; i < PACKERS; i++)
		sema_post(&to_pack);
	see_off(3, &gone, PACKERS + 1 + DRIVERS + 2);
	printf("order desk: closed, %d threads joined, %ld orders placed, %ld delivered\n",
	    gone, placed, delivered);
	return (gone == PEOPLE && placed >= CUSTOMERS && placed == priced &&
	    placed == packed && placed == delivered && driven == DRIVERS ? 0 : 1);
}
