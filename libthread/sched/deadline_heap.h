// Threads in the order of their deadlines.
#pragma once

#include <cstdint>
#include <limits>

#include "sched/thread.h"

namespace lt {

// Most deadlines are later than those before them: waits of one length. A few lists, each in order,
// take those at their ends, at a cost that does not depend on how many there are and that touches
// the records of neighbours only. What fits none of them goes to a pairing heap: heap_next is the
// next sibling, heap_prev the previous one or, for a first child, the parent. In a list, heap_child
// leads to the thread itself.
class DeadlineHeap {
  public:
    [[nodiscard]] Thread* first() const { return first_; }

    void insert(Thread& thread)
    {
        if (!append(thread)) {
            thread.heap_child = thread.heap_next = thread.heap_prev = nullptr;
            root_ = root_ == nullptr ? &thread : meld(*root_, thread);
        }
        if (first_ == nullptr || thread.deadline_ns < first_->deadline_ns) {
            first_ = &thread;
        }
    }

    void remove(Thread& thread)
    {
        if (thread.heap_child == &thread) {
            remove_from_list(thread);
        } else {
            remove_from_heap(thread);
        }
        if (first_ == &thread) {
            first_ = find_first();
        }
    }

  private:
    static constexpr int kLists = 4;
    static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();

    struct List {
        Thread* first = nullptr;
        Thread* last = nullptr;
        std::int64_t first_ns = kNone;  // their deadlines, to be compared without them
        std::int64_t last_ns = std::numeric_limits<std::int64_t>::min();
    };

    // To the first list that it fits: their ends come earlier from one to the next, so waits of
    // each length get a list of their own.
    bool append(Thread& thread)
    {
        int fitting = 0;
        while (fitting != used_ && lists_[fitting].last_ns > thread.deadline_ns) {
            ++fitting;
        }
        if (fitting == used_) {
            if (used_ == kLists) {
                return false;
            }
            ++used_;
        }
        List& list = lists_[fitting];
        thread.heap_child = &thread;
        thread.heap_next = nullptr;
        thread.heap_prev = list.last;
        if (list.last != nullptr) {
            list.last->heap_next = &thread;
        } else {
            list.first = &thread;
            list.first_ns = thread.deadline_ns;
        }
        list.last = &thread;
        list.last_ns = thread.deadline_ns;
        return true;
    }

    List& list_with(Thread* List::*end, const Thread& thread)
    {
        List* list = &lists_[0];
        while (list->*end != &thread) {
            ++list;
        }
        return *list;
    }

    void remove_from_list(Thread& thread)
    {
        Thread* const next = thread.heap_next;
        Thread* const previous = thread.heap_prev;
        if (previous != nullptr) {
            previous->heap_next = next;
        } else {
            List& list = list_with(&List::first, thread);
            list.first = next;
            list.first_ns = next != nullptr ? next->deadline_ns : kNone;
        }
        if (next != nullptr) {
            next->heap_prev = previous;
        } else {
            List& list = list_with(&List::last, thread);
            list.last = previous;
            list.last_ns = previous != nullptr ? previous->deadline_ns : List{}.last_ns;
        }
    }

    void remove_from_heap(Thread& thread)
    {
        if (root_ == &thread) {
            root_ = merge_pairs(thread.heap_child);
            return;
        }
        unlink(thread);
        if (Thread* rest = merge_pairs(thread.heap_child)) {
            root_ = meld(*root_, *rest);
        }
    }

    [[nodiscard]] Thread* find_first() const
    {
        Thread* first = root_;
        std::int64_t least = root_ != nullptr ? root_->deadline_ns : kNone;
        for (int i = 0; i != used_; ++i) {
            if (lists_[i].first_ns < least || first == nullptr) {
                first = lists_[i].first;
                least = lists_[i].first_ns;
            }
        }
        return first;
    }

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

    Thread* first_ = nullptr;
    Thread* root_ = nullptr;
    int used_ = 0;  // lists that ever had a thread
    List lists_[kLists];
};

}  // namespace lt
