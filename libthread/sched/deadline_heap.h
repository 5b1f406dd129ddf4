// Threads in the order of their deadlines.
#pragma once

#include "sched/thread.h"

namespace lt {

// A pairing heap threaded through the records: heap_next is the next sibling, heap_prev the
// previous one or, for a first child, the parent.
class DeadlineHeap {
  public:
    [[nodiscard]] Thread* first() const { return root_; }

    void insert(Thread& thread)
    {
        thread.heap_child = thread.heap_next = thread.heap_prev = nullptr;
        root_ = root_ == nullptr ? &thread : meld(*root_, thread);
    }

    void remove(Thread& thread)
    {
        if (root_ == &thread) {
            root_ = merge_pairs(thread.heap_child);
        } else {
            unlink(thread);
            if (Thread* rest = merge_pairs(thread.heap_child)) {
                root_ = meld(*root_, *rest);
            }
        }
        thread.heap_child = thread.heap_next = thread.heap_prev = nullptr;
    }

  private:
    static void unlink(Thread& thread)
    {
        if (thread.heap_prev->heap_child == &thread) {
            thread.heap_prev->heap_child = thread.heap_next;
        } else {
            thread.heap_prev->heap_next = thread.heap_next;
        }
        if (thread.heap_next != nullptr) {
            thread.heap_next->heap_prev = thread.heap_prev;
        }
    }

    static Thread* meld(Thread& a, Thread& b)
    {
        Thread& top = b.deadline_ns < a.deadline_ns ? b : a;
        Thread& below = &top == &a ? b : a;
        below.heap_prev = &top;
        below.heap_next = top.heap_child;
        if (top.heap_child != nullptr) {
            top.heap_child->heap_prev = &below;
        }
        top.heap_child = &below;
        top.heap_next = top.heap_prev = nullptr;
        return &top;
    }

    // Pairs up a list of siblings, then melds the pairs from the last to the first.
    static Thread* merge_pairs(Thread* list)
    {
        Thread* pairs = nullptr;  // through heap_next, last pair first
        while (list != nullptr) {
            Thread* a = list;
            Thread* b = a->heap_next;
            list = b != nullptr ? b->heap_next : nullptr;
            a->heap_next = a->heap_prev = nullptr;
            Thread* pair = a;
            if (b != nullptr) {
                b->heap_next = b->heap_prev = nullptr;
                pair = meld(*a, *b);
            }
            pair->heap_next = pairs;
            pairs = pair;
        }
        Thread* root = nullptr;
        while (pairs != nullptr) {
            Thread* pair = pairs;
            pairs = pair->heap_next;
            pair->heap_next = nullptr;
            root = root == nullptr ? pair : meld(*root, *pair);
        }
        return root;
    }

    Thread* root_ = nullptr;
};

}  // namespace lt
