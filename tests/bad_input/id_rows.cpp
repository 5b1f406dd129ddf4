// Functions that take a thread's id: ids never given, ids of threads that are gone, the caller's
// own.
#include <signal.h>

#include <climits>

#include "bad_input/bad_input.h"

namespace bad_input {
namespace {

constexpr thread_t kNever[] = {0xffffffffU, 0xfffffffeU, 0x80000000U, 0x7fffffffU,
                               0x40000001U, 0x3fffffffU, 16'000'000U};

void* do_nothing(void* /*argument*/)
{
    return nullptr;
}

thread_t joined_thread()
{
    thread_t id = 0;
    thr_create(nullptr, 0, do_nothing, nullptr, 0, &id);
    thr_join(id, nullptr, nullptr);
    return id;
}

// The id of a thread that nobody joins, once it has ended.
thread_t ended_alone(long flags)
{
    thread_t id = 0;
    thr_create(nullptr, 0, do_nothing, nullptr, flags, &id);
    while (thr_kill(id, 0) == 0) {
        thr_yield();
    }
    return id;
}

struct Gone {
    const char* name;
    thread_t (*make)();
};
constexpr Gone kGone[] = {
    {"a joined thread", joined_thread},
    {"a detached thread that has ended", [] { return ended_alone(THR_DETACHED); }},
    {"a daemon that has ended", [] { return ended_alone(THR_DAEMON); }},
    {"a bound detached thread that has ended",
     [] { return ended_alone(THR_BOUND | THR_DETACHED); }},
};

struct IdCall {
    const char* name;
    int (*call)(thread_t);
};

int join_and_look(thread_t id)
{
    constexpr thread_t kUntouched = 77;
    thread_t departed = kUntouched;
    int object = 0;
    void* status = &object;
    const int error = thr_join(id, &departed, &status);
    return departed == kUntouched && status == &object ? error : kDamage;
}

int ask_priority(thread_t id)
{
    int priority = -77;
    const int error = thr_getprio(id, &priority);
    return priority == -77 ? error : kDamage;
}

constexpr IdCall kIdCalls[] = {
    {"thr_join", join_and_look},
    {"thr_kill with 0", [](thread_t id) { return thr_kill(id, 0); }},
    {"thr_kill with SIGUSR1", [](thread_t id) { return thr_kill(id, SIGUSR1); }},
    {"thr_kill with SIGKILL", [](thread_t id) { return thr_kill(id, SIGKILL); }},
    {"thr_setprio", [](thread_t id) { return thr_setprio(id, 1); }},
    {"thr_getprio", ask_priority},
    {"thr_suspend", [](thread_t id) { return thr_suspend(id); }},
    {"thr_continue", [](thread_t id) { return thr_continue(id); }},
};

void add_unknown(Table& table, const IdCall& call)
{
    for (const thread_t id : kNever) {
        table.add(std::string{call.name} + ": never given, " + std::to_string(id), ESRCH,
                  [&call, id] { return call.call(id); });
    }
    for (const Gone& gone : kGone) {
        table.add(std::string{call.name} + ": " + gone.name, ESRCH,
                  [&call, &gone] { return call.call(gone.make()); });
    }
}

// Of a thread that has ended and waits for its joiner; which then finds it as it was.
void add_unjoined(Table& table, const IdCall& call)
{
    for (const long flags : {0L, static_cast<long>(THR_BOUND)}) {
        const char* const kind = flags == 0 ? ": ended, not joined" : ": bound, ended, not joined";
        table.add(std::string{call.name} + kind, ESRCH, [&call, flags] {
            const thread_t id = ended_alone(flags);
            const int error = call.call(id);
            return thr_join(id, nullptr, nullptr) == 0 ? error : kDamage;
        });
    }
}

void add_joins(Table& table)
{
    table.add("thr_join: the caller", EDEADLK, [] { return join_and_look(thr_self()); });
    table.add("thr_join: nobody left", EDEADLK, [] { return join_and_look(0); });
    for (const long flags : {THR_DETACHED, THR_DAEMON, THR_DETACHED | THR_BOUND,
                             THR_DAEMON | THR_BOUND, THR_DAEMON | THR_DETACHED}) {
        table.add("thr_join: a live thread made with flags " + hex(flags), ESRCH, [flags] {
            const Other other{[] {}, [] {}, flags};
            return join_and_look(other.id());
        });
    }
    table.add("thr_join: twice", ESRCH, [] {
        const thread_t id = joined_thread();
        return join_and_look(id) == ESRCH ? join_and_look(id) : kDamage;
    });
}

// A priority out of range, of the caller or of another thread; it keeps what it had.
void add_priorities(Table& table)
{
    for (const int priority : {-1, -2, 128, 129, 100'000, INT_MAX, INT_MIN}) {
        table.add("thr_setprio to " + std::to_string(priority), EINVAL, [priority] {
            int before = 0;
            int after = 0;
            thr_getprio(thr_self(), &before);
            const int error = thr_setprio(thr_self(), priority);
            thr_getprio(thr_self(), &after);
            return before == after ? error : kDamage;
        });
        table.add("thr_setprio of another to " + std::to_string(priority), EINVAL, [priority] {
            const Other other{[] {}, [] {}};
            int before = 0;
            int after = 0;
            thr_getprio(other.id(), &before);
            const int error = thr_setprio(other.id(), priority);
            thr_getprio(other.id(), &after);
            return before == after ? error : kDamage;
        });
    }
}

}  // namespace

void add_id_rows(Table& table)
{
    for (const IdCall& call : kIdCalls) {
        add_unknown(table, call);
        if (call.call != join_and_look && std::string{call.name} != "thr_setprio" &&
            std::string{call.name} != "thr_getprio") {
            add_unjoined(table, call);
        }
    }
    add_joins(table);
    add_priorities(table);
}

}  // namespace bad_input
