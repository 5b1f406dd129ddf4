// atomic_ops(3C): every form of every width.
#include <atomic.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "conformance/fixture.h"

namespace conformance {
namespace {

constexpr int kAdders = 4;
constexpr int kAtomicRounds = 1000;

// One width's functions, under the name of its unsigned type. Called by address here; the program
// c89/atomics.c lets the compiler expand them.
template <class Word, class Delta>
struct Family {
    using Type = Word;

    const char* name;
    void (*add)(volatile Word*, Delta);
    Word (*add_nv)(volatile Word*, Delta);
    void (*inc)(volatile Word*);
    Word (*inc_nv)(volatile Word*);
    void (*dec)(volatile Word*);
    Word (*dec_nv)(volatile Word*);
    void (*keep)(volatile Word*, Word);
    Word (*keep_nv)(volatile Word*, Word);
    void (*set)(volatile Word*, Word);
    Word (*set_nv)(volatile Word*, Word);
    Word (*cas)(volatile Word*, Word, Word);
    Word (*swap)(volatile Word*, Word);
};

#define LT_FAMILY(signed_name, name, type, delta)                                                 \
    Family<type, delta>                                                                           \
    {                                                                                             \
#name, atomic_add_##signed_name, atomic_add_##signed_name##_nv, atomic_inc_##name,        \
            atomic_inc_##name##_nv, atomic_dec_##name, atomic_dec_##name##_nv, atomic_and_##name, \
            atomic_and_##name##_nv, atomic_or_##name, atomic_or_##name##_nv, atomic_cas_##name,   \
            atomic_swap_##name                                                                    \
    }

template <class Check>
void for_each_family(Check check)
{
    check(LT_FAMILY(8, 8, std::uint8_t, std::int8_t));
    check(LT_FAMILY(char, uchar, uchar_t, signed char));
    check(LT_FAMILY(16, 16, std::uint16_t, std::int16_t));
    check(LT_FAMILY(short, ushort, ushort_t, short));
    check(LT_FAMILY(32, 32, std::uint32_t, std::int32_t));
    check(LT_FAMILY(int, uint, uint_t, int));
    check(LT_FAMILY(64, 64, std::uint64_t, std::int64_t));
    check(LT_FAMILY(long, ulong, ulong_t, long));
}

class AtomicOps : public ThreadTest {
  protected:
    // While others change it.
    template <class Word>
    static Word look_at(const volatile Word& word)
    {
        return __atomic_load_n(&word, __ATOMIC_RELAXED);
    }

    // Runs work(number of the thread) in kAdders threads at once.
    template <class Work>
    void in_threads(Work work)
    {
        std::vector<thread_t> threads;
        for (int number = 0; number < kAdders; ++number) {
            threads.push_back(start([work, number] { work(number); }));
        }
        for (const thread_t thread : threads) {
            join(thread);
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Threads, AtomicOps, bindings(), binding_name);

template <class Word>
bool all_differ(std::vector<Word> values)
{
    std::sort(values.begin(), values.end());
    return std::adjacent_find(values.begin(), values.end()) == values.end();
}

// COMP-11: atomic_add_* of several threads come to the exact total, modulo the type's size, and the
// _nv forms return each value once.
TEST_P(AtomicOps, S11AddsExactly)
{
    for_each_family([this](auto family) {
        using Word = typename decltype(family)::Type;
        SCOPED_TRACE(family.name);
        struct {
            Word before;
            volatile Word word;
            Word after;
        } cell{1, 0, 1};
        std::vector<std::vector<Word>> seen(kAdders);
        in_threads([&](int number) {
            for (int round = 0; round < kAtomicRounds; ++round) {
                family.add(&cell.word, 3);
                family.add(&cell.word, -2);
            }
            (void)number;
        });
        EXPECT_EQ(cell.word, static_cast<Word>(kAdders * kAtomicRounds));
        cell.word = 0;
        // As many values as the type has, so that each comes once.
        const std::size_t limit = std::numeric_limits<Word>::max();
        const auto share = std::min<std::size_t>(kAtomicRounds, limit / kAdders);
        in_threads([&](int number) {
            auto& mine = seen[static_cast<std::size_t>(number)];
            for (std::size_t round = 0; round < share; ++round) {
                mine.push_back(family.add_nv(&cell.word, 1));
            }
        });
        EXPECT_EQ(cell.word, static_cast<Word>(kAdders * share));
        std::vector<Word> all;
        for (const auto& mine : seen) {
            EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
            all.insert(all.end(), mine.begin(), mine.end());
        }
        EXPECT_TRUE(all_differ(all));
        EXPECT_TRUE(cell.before == 1 && cell.after == 1) << "a neighbour was changed";
        cell.word = 0;
        EXPECT_EQ(family.add_nv(&cell.word, -1), std::numeric_limits<Word>::max());
    });
}

// COMP-11: atomic_add_ptr adds bytes, whatever the pointer points to.
TEST_P(AtomicOps, S11AddsBytesToPointers)
{
    static double numbers[kAdders * kAtomicRounds + 1];
    double* next = numbers;
    std::vector<std::vector<void*>> seen(kAdders);
    in_threads([&](int number) {
        for (int round = 0; round < kAtomicRounds; ++round) {
            seen[static_cast<std::size_t>(number)].push_back(
                atomic_add_ptr_nv(&next, static_cast<ssize_t>(sizeof(double))));
        }
    });
    EXPECT_EQ(next, numbers + kAdders * kAtomicRounds);
    std::vector<void*> all;
    for (const auto& mine : seen) {
        all.insert(all.end(), mine.begin(), mine.end());
    }
    EXPECT_TRUE(all_differ(all));
    in_threads([&](int) {
        for (int round = 0; round < kAtomicRounds; ++round) {
            atomic_add_ptr(&next, -static_cast<ssize_t>(sizeof(double)));
        }
    });
    EXPECT_EQ(next, numbers);
}

// COMP-12: increments and decrements come to the exact total, and their _nv forms return it.
TEST_P(AtomicOps, S12CountsExactly)
{
    for_each_family([this](auto family) {
        using Word = typename decltype(family)::Type;
        SCOPED_TRACE(family.name);
        volatile Word word = 0;
        in_threads([&](int number) {
            for (int round = 0; round < kAtomicRounds; ++round) {
                family.inc(&word);
                family.inc_nv(&word);
                if (number % 2 == 0) {
                    family.dec(&word);
                } else {
                    family.dec_nv(&word);
                }
            }
        });
        EXPECT_EQ(word, static_cast<Word>(kAdders * kAtomicRounds));
        word = 0;
        EXPECT_EQ(family.dec_nv(&word), std::numeric_limits<Word>::max());
        EXPECT_EQ(family.inc_nv(&word), 0U);
    });
}

// COMP-12: for pointers the unit is a byte.
TEST_P(AtomicOps, S12CountsPointersByBytes)
{
    static char bytes[2 * kAdders * kAtomicRounds + 1];
    char* next = bytes;
    in_threads([&](int) {
        for (int round = 0; round < kAtomicRounds; ++round) {
            atomic_inc_ptr(&next);
            atomic_inc_ptr_nv(&next);
        }
    });
    EXPECT_EQ(next, bytes + 2 * kAdders * kAtomicRounds);
    in_threads([&](int) {
        for (int round = 0; round < kAtomicRounds; ++round) {
            atomic_dec_ptr(&next);
            atomic_dec_ptr_nv(&next);
        }
    });
    EXPECT_EQ(next, bytes);
    EXPECT_EQ(atomic_inc_ptr_nv(&next), bytes + 1);
    EXPECT_EQ(atomic_dec_ptr_nv(&next), bytes);
}

// COMP-13: and, or: each thread's bits come and go without touching those of others.
TEST_P(AtomicOps, S13ChangesItsBitsAlone)
{
    for_each_family([this](auto family) {
        using Word = typename decltype(family)::Type;
        SCOPED_TRACE(family.name);
        volatile Word word = 0;
        std::atomic<int> lost{0};
        in_threads([&](int number) {
            const auto mine = static_cast<Word>(3U << (2 * number));
            const auto others = static_cast<Word>(~mine);
            for (int round = 0; round < kAtomicRounds; ++round) {
                family.set(&word, mine);
                lost += (look_at(word) & mine) != mine;
                family.keep(&word, others);
                lost += (look_at(word) & mine) != 0;
                lost += (family.set_nv(&word, mine) & mine) != mine;
                lost += (family.keep_nv(&word, others) & mine) != 0;
            }
            family.set(&word, mine);
        });
        EXPECT_EQ(lost.load(), 0);
        EXPECT_EQ(word, 0xffU);
    });
}

// COMP-14: atomic_cas_* return the old value, and store only if it is the one expected.
TEST_P(AtomicOps, S14ComparesAndSwaps)
{
    for_each_family([this](auto family) {
        using Word = typename decltype(family)::Type;
        SCOPED_TRACE(family.name);
        constexpr Word kMost = std::numeric_limits<Word>::max();
        volatile Word word = kMost;
        EXPECT_EQ(family.cas(&word, 1, 2), kMost);
        EXPECT_EQ(word, kMost);
        EXPECT_EQ(family.cas(&word, kMost, 0), kMost);
        EXPECT_EQ(word, 0U);
        in_threads([&](int) {
            for (int round = 0; round < kAtomicRounds; ++round) {
                Word before = look_at(word);
                Word seen = family.cas(&word, before, static_cast<Word>(before + 1));
                while (seen != before) {
                    before = seen;
                    seen = family.cas(&word, before, static_cast<Word>(before + 1));
                }
            }
        });
        EXPECT_EQ(word, static_cast<Word>(kAdders * kAtomicRounds));
    });
}

// COMP-14: so does atomic_cas_ptr: a list built by several threads is complete.
TEST_P(AtomicOps, S14PushesOnAList)
{
    struct Node {
        Node* next = nullptr;
    };
    static Node nodes[kAdders][kAtomicRounds];
    Node* head = nullptr;
    in_threads([&](int number) {
        for (Node& node : nodes[number]) {
            void* before = nullptr;
            do {
                node.next = static_cast<Node*>(before);
                before = atomic_cas_ptr(&head, node.next, &node);
            } while (before != node.next);
        }
    });
    int count = 0;
    for (const Node* node = head; node != nullptr; node = node->next) {
        ++count;
    }
    EXPECT_EQ(count, kAdders * kAtomicRounds);
}

// COMP-15: atomic_swap_* return what was there: a token passed by several threads stays one.
TEST_P(AtomicOps, S15Swaps)
{
    for_each_family([this](auto family) {
        using Word = typename decltype(family)::Type;
        SCOPED_TRACE(family.name);
        constexpr Word kMost = std::numeric_limits<Word>::max();
        volatile Word word = kMost;
        std::atomic<int> tokens{0};
        in_threads([&](int) {
            Word mine = 0;
            for (int round = 0; round < kAtomicRounds; ++round) {
                mine = family.swap(&word, mine);
            }
            tokens += mine == kMost ? 1 : 0;
        });
        EXPECT_EQ(tokens.load() + (word == kMost ? 1 : 0), 1);
    });
    int token = 0;
    void* place = &token;
    EXPECT_EQ(atomic_swap_ptr(&place, nullptr), &token);
    EXPECT_EQ(atomic_swap_ptr(&place, &token), nullptr);
    EXPECT_EQ(place, &token);
}

// COMP-16: atomic_set_long_excl gives 0 first and -1 when the bit was set already, and
// atomic_clear_long_excl likewise; one thread of several wins each bit.
TEST_P(AtomicOps, S16SetsAndClearsABitOnce)
{
    volatile ulong_t word = 0;
    EXPECT_EQ(atomic_clear_long_excl(&word, 63), -1);
    EXPECT_EQ(atomic_set_long_excl(&word, 63), 0);
    EXPECT_EQ(word, 1UL << 63);
    EXPECT_EQ(atomic_set_long_excl(&word, 63), -1);
    EXPECT_EQ(atomic_clear_long_excl(&word, 63), 0);
    EXPECT_EQ(word, 0UL);
    std::atomic<int> winners{0};
    in_threads([&](int) {
        for (uint_t bit = 0; bit < 64; ++bit) {
            winners += atomic_set_long_excl(&word, bit) == 0 ? 1 : 0;
        }
    });
    EXPECT_EQ(winners.load(), 64);
    EXPECT_EQ(word, ~0UL);
    in_threads([&](int) {
        for (uint_t bit = 0; bit < 64; ++bit) {
            winners -= atomic_clear_long_excl(&word, bit) == 0 ? 1 : 0;
        }
    });
    EXPECT_EQ(winners.load(), 0);
    EXPECT_EQ(word, 0UL);
}

}  // namespace
}  // namespace conformance
