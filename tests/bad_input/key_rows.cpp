// Thread-specific data with keys that nobody made, and signals that do not exist.
#include <pthread.h>
#include <signal.h>

#include <climits>

#include "bad_input/bad_input.h"

namespace bad_input {
namespace {

constexpr thread_key_t kNeverMade[] = {0,           0x7fffffffU, 0x80000000U,
                                       0xfffffffeU, 0xffffffffU, 1'000'000U};

int set_value(thread_key_t key)
{
    int object = 0;
    return thr_setspecific(key, &object);
}

int get_value(thread_key_t key)
{
    int object = 0;
    void* value = &object;
    const int error = thr_getspecific(key, &value);
    return value == &object ? error : kDamage;
}

void add_keys(Table& table)
{
    for (const thread_key_t key : kNeverMade) {
        table.add("thr_setspecific of key " + std::to_string(key), EINVAL,
                  [key] { return set_value(key); });
        table.add("thr_getspecific of key " + std::to_string(key), EINVAL,
                  [key] { return get_value(key); });
    }
    table.add("thr_setspecific of a deleted key", EINVAL, [] {
        pthread_key_t key = 0;
        pthread_key_create(&key, nullptr);
        pthread_key_delete(key);
        return set_value(key);
    });
    table.add("thr_keycreate_once of a made key", 0, [] {
        static thread_key_t key = THR_ONCE_KEY;
        thr_keycreate_once(&key, nullptr);
        const thread_key_t before = key;
        const int error = thr_keycreate_once(&key, nullptr);
        return key == before ? error : kDamage;
    });
}

// No such signal, or one that the C library keeps for itself.
void add_signals(Table& table)
{
    for (const int sig : {-1, -2, 32, 33, 65, 66, 128, 1000, INT_MAX, INT_MIN}) {
        table.add("thr_kill of the caller with " + std::to_string(sig), EINVAL,
                  [sig] { return thr_kill(thr_self(), sig); });
        for (const long flags : {0L, static_cast<long>(THR_BOUND)}) {
            const char* const kind = flags == 0 ? "an unbound" : "a bound";
            table.add(std::string{"thr_kill of "} + kind + " thread with " + std::to_string(sig),
                      EINVAL, [sig, flags] {
                          const Other other{[] {}, [] {}, flags};
                          return thr_kill(other.id(), sig);
                      });
        }
    }
}

bool is_same(const sigset_t& one, const sigset_t& other)
{
    bool same = true;
    for (int sig = 1; sig <= SIGRTMAX; ++sig) {
        same = same && sigismember(&one, sig) == sigismember(&other, sig);
    }
    return same;
}

int set_mask(int how)
{
    sigset_t wanted;
    sigfillset(&wanted);
    sigset_t before;
    sigset_t after;
    thr_sigsetmask(SIG_BLOCK, nullptr, &before);
    const int error = thr_sigsetmask(how, &wanted, nullptr);
    thr_sigsetmask(SIG_BLOCK, nullptr, &after);
    return is_same(before, after) ? error : kDamage;
}

void add_masks(Table& table)
{
    for (const int how : {-1, 3, 4, 99, 1 << 16, INT_MAX, INT_MIN}) {
        table.add("thr_sigsetmask how " + std::to_string(how), EINVAL,
                  [how] { return set_mask(how); });
        table.add("thr_sigsetmask how " + std::to_string(how) + " without a set", 0, [how] {
            sigset_t before;
            return thr_sigsetmask(how, nullptr, &before);
        });
    }
}

}  // namespace

void add_key_and_signal_rows(Table& table)
{
    add_keys(table);
    add_signals(table);
    add_masks(table);
}

}  // namespace bad_input
