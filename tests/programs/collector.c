/*
 * collector - garbage collection under several threads.
 *
 *	cc -D_GNU_SOURCE -mt -o collector collector.c
 *
 * Mutators build lists, look at them again and forget them. When cells run out, the collector stops
 * all mutators, marks what their stacks and registers point to, and takes back the rest. A cell
 * that is taken back too early is noticed by its owner.
 */
#include <ucontext.h>
#include <stdio.h>
#include <thread.h>
#include <synch.h>
#include <libthread/mutator.h>

#define	MUTATORS	4
#define	LISTS		300	/* each mutator makes */
#define	LENGTH		60	/* cells of each */
#define	CELLS		2048
#define	RED_ZONE	128	/* bytes below the stack pointer that a function may use */
#define	FREE		0

#ifndef	REG_SP
#define	REG_SP		REG_RSP
#endif

struct cell {
	struct cell	*next;
	int		owner;		/* FREE, or who made it */
	int		number;
	int		marked;
};

static struct cell	heap[CELLS];
static struct cell	*free_cells;

static mutex_t		heap_lock;	/* of all cells that are free, and the following */
static cond_t		wanted;		/* somebody needs a collection */
static cond_t		collected;
static int		collections;
static int		in_need;
static int		at_work = MUTATORS;
static int		active[MUTATORS];	/* those that are mutators at the moment */

static thread_t		mutator[MUTATORS];
static int		lost[MUTATORS];

static struct cell *
make_cell(owner, number, next)
	int owner, number;
	struct cell *next;
{
	struct cell *cell;

	mutex_lock(&heap_lock);
	while (free_cells == NULL) {
		in_need = 1;
		cond_signal(&wanted);
		cond_wait(&collected, &heap_lock);
	}
	cell = free_cells;
	free_cells = cell->next;
	cell->next = next;
	cell->owner = owner;
	cell->number = number;
	mutex_unlock(&heap_lock);
	return (cell);
}

/* While the collector works, it has the lock: nobody comes or goes. */
static void
enlist(me, on)
	int me, on;
{
	mutex_lock(&heap_lock);
	thr_setmutator(0, on);
	active[me] = on;
	if (!on) {
		at_work--;
		cond_signal(&wanted);
	}
	mutex_unlock(&heap_lock);
}

static void *
mutate(arg)
	void *arg;
{
	int me = (int)(long)arg;
	int list, i;
	struct cell *head, *cell;

	enlist(me, 1);
	for (list = 0; list < LISTS; list++) {
		head = NULL;
		for (i = 0; i < LENGTH; i++)
			head = make_cell(me + 1, i, head);
		if (list % 8 == me)
			thr_yield();
		for (cell = head; cell != NULL && i > 0; cell = cell->next)
			if (cell->owner != me + 1 || cell->number != --i)
				lost[me]++;
		lost[me] += i;
	}
	enlist(me, 0);
	return (arg);
}

/* Marks the cell that `word` points into, if it does, and all that it leads to. */
static void
mark(word)
	unsigned long word;
{
	struct cell *cell;

	while (word >= (unsigned long)heap && word < (unsigned long)(heap + CELLS)) {
		cell = heap + (word - (unsigned long)heap) / sizeof (struct cell);
		if (cell->marked || cell->owner == FREE)
			return;
		cell->marked = 1;
		word = (unsigned long)cell->next;
	}
}

/* Nonzero if the stack of a mutator cannot be read. */
static int
mark_from(tid)
	thread_t tid;
{
	gregset_t registers;
	stack_t stack;
	int flag, i;
	unsigned long at;

	if (thr_getstate(tid, &flag, NULL, &stack, registers) != 0 ||
	    (flag != TRS_VALID && flag != TRS_NONVOLATILE))
		return (1);
	for (i = 0; i < NGREG; i++)
		mark((unsigned long)registers[i]);
	at = ((unsigned long)registers[REG_SP] - RED_ZONE) & ~7UL;
	for (; at < (unsigned long)stack.ss_sp; at += sizeof (long))
		mark(*(unsigned long *)at);
	return (0);
}

static void
sweep()
{
	int i;

	free_cells = NULL;
	for (i = 0; i < CELLS; i++) {
		if (heap[i].marked) {
			heap[i].marked = 0;
			continue;
		}
		heap[i].owner = FREE;
		heap[i].next = free_cells;
		free_cells = &heap[i];
	}
}

/* With heap_lock held, so no mutator holds it. Nonzero if a stack could not be read. */
static int
collect()
{
	int i, faults = 0;

	if (thr_suspend_allmutators() != 0)
		return (1);
	for (i = 0; i < MUTATORS; i++)
		if (active[i])
			faults += mark_from(mutator[i]);
	sweep();
	thr_continue_allmutators();
	return (faults);
}

int
main()
{
	int i, faults = 0, all_lost = 0;

	sweep();
	mutex_lock(&heap_lock);
	for (i = 0; i < MUTATORS; i++) {
		if (thr_create(NULL, 0, mutate, (void *)(long)i, i % 2 ? THR_BOUND : 0,
		    &mutator[i]) != 0) {
			fprintf(stderr, "collector: no mutator\n");
			return (1);
		}
	}
	while (at_work > 0) {
		while (!in_need && at_work > 0)
			cond_wait(&wanted, &heap_lock);
		if (!in_need)
			break;
		in_need = 0;
		faults += collect();
		collections++;
		cond_broadcast(&collected);
	}
	mutex_unlock(&heap_lock);
	while (thr_join(0, NULL, NULL) == 0)
		;
	for (i = 0; i < MUTATORS; i++)
		all_lost += lost[i];
	printf("collector: %d cells from a heap of %d, %d collections, %d faults, %d lost\n",
	    MUTATORS * LISTS * LENGTH, CELLS, collections, faults, all_lost);
	return (faults + all_lost != 0 || collections < MUTATORS * LISTS * LENGTH / CELLS - 1);
}
