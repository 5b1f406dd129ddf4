// The reference's threads and keys: each is one of NPTL's.
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <fstream>
#include <mutex>
#include <string>

#include "support/platform.h"
#include "support/thr_ref/thr_ref.h"

namespace {

struct Thread {
    void* (*start)(void*) = nullptr;
    void* argument = nullptr;
    pthread_t native{};
    bool can_be_joined = false;
    std::atomic<int> task{0};
    std::atomic<const void*> sleeps_on{nullptr};
};

constexpr thread_t kInitial = 1;

std::mutex threads_lock;
std::deque<Thread> threads;  // made by thr_create; the first has the id after kInitial
thread_local thread_t own_id = kInitial;
thread_local Thread* own = nullptr;

Thread* find(thread_t id)
{
    return id > kInitial && id - kInitial <= threads.size() ? &threads[id - kInitial - 1] : nullptr;
}

struct Start {
    Thread* thread;
    thread_t id;
};

void* run(void* argument)
{
    const Start start = *static_cast<Start*>(argument);
    delete static_cast<Start*>(argument);
    own = start.thread;
    own_id = start.id;
    own->task.store(static_cast<int>(syscall(SYS_gettid)),
                    std::memory_order_relaxed);  // relaxed: a number alone
    return own->start(own->argument);
}

bool is_task_asleep(int task)
{
    std::ifstream file{"/proc/self/task/" + std::to_string(task) + "/stat"};
    std::string line;
    std::getline(file, line);
    const std::size_t name_end = line.rfind(')');
    return name_end != std::string::npos && line.compare(name_end, 3, ") S") == 0;
}

}  // namespace

namespace thr_ref {

// The caller marks itself; relaxed, as who looks looks again.
Sleep::Sleep(const void* object)
{
    if (own != nullptr) {
        own->sleeps_on.store(object, std::memory_order_relaxed);  // relaxed: see above
    }
}

Sleep::~Sleep()
{
    if (own != nullptr) {
        own->sleeps_on.store(nullptr, std::memory_order_relaxed);  // relaxed: see above
    }
}

bool is_blocked(thread_t id, const void* object)
{
    const std::lock_guard held{threads_lock};
    const Thread* const thread = find(id);
    // relaxed: both are looked at until they are as expected
    return thread != nullptr && thread->sleeps_on.load(std::memory_order_relaxed) == object &&
           is_task_asleep(thread->task.load(std::memory_order_relaxed));
}

}  // namespace thr_ref

bool platform::is_blocked(thread_t id, const void* object)
{
    return thr_ref::is_blocked(id, object);
}

int thr_create(void* stack, size_t size, void* (*start)(void*), void* argument, long flags,
               thread_t* id)
{
    if (stack != nullptr || size != 0 || (flags & (THR_SUSPENDED | THR_DAEMON)) != 0) {
        return ENOTSUP;
    }
    const std::lock_guard held{threads_lock};
    Thread& thread = threads.emplace_back();
    const auto made = static_cast<thread_t>(kInitial + threads.size());
    thread.start = start;
    thread.argument = argument;
    const int error = pthread_create(&thread.native, nullptr, run, new Start{&thread, made});
    thread.can_be_joined = error == 0 && (flags & THR_DETACHED) == 0;
    if (error == 0 && !thread.can_be_joined) {
        pthread_detach(thread.native);
    }
    if (id != nullptr) {
        *id = made;
    }
    return error;
}

int thr_join(thread_t id, thread_t* departed, void** status)
{
    if (id == own_id) {
        return EDEADLK;
    }
    pthread_t native{};
    {
        const std::lock_guard held{threads_lock};
        Thread* const thread = find(id);
        if (thread == nullptr || !thread->can_be_joined) {
            return ESRCH;
        }
        thread->can_be_joined = false;
        native = thread->native;
    }
    if (departed != nullptr) {
        *departed = id;
    }
    return pthread_join(native, status);
}

thread_t thr_self()
{
    return own_id;
}

void thr_yield()
{
    sched_yield();
}

// Keys begin with 1 here, and with 0 there.
int thr_keycreate(thread_key_t* key, void (*destructor)(void*))
{
    pthread_key_t native = 0;
    const int error = pthread_key_create(&native, destructor);
    *key = native + 1;
    return error;
}

int thr_setspecific(thread_key_t key, void* value)
{
    return pthread_setspecific(key - 1, value);
}

int thr_getspecific(thread_key_t key, void** value)
{
    *value = pthread_getspecific(key - 1);
    return 0;
}
