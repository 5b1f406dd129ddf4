// TCBs when the process itself changes: modules come and go, and it forks.
#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sched/thread.h"
#include "unit/os/tcb_runner.h"

namespace {

using namespace tcb_runner;

class OnModelInProcess : public OnModel {};

struct Plugin {
    void* handle = nullptr;
    int* (*by_call)() = nullptr;
    int* (*in_place)() = nullptr;
};

Plugin load_plugin()
{
    Plugin plugin;
    plugin.handle = dlopen(TLS_PLUGIN, RTLD_NOW);
    EXPECT_NE(plugin.handle, nullptr) << dlerror();
    plugin.by_call = reinterpret_cast<int* (*)()>(dlsym(plugin.handle, "plugin_by_call"));
    plugin.in_place = reinterpret_cast<int* (*)()>(dlsym(plugin.handle, "plugin_in_place"));
    return plugin;
}

const char* use_plugin(void* argument)
{
    const auto& plugin = *static_cast<const Plugin*>(argument);
    CLAIM(*plugin.in_place() == 9);
    CLAIM(*plugin.by_call() == 7);
    *plugin.in_place() = 90;
    *plugin.by_call() = 70;
    CLAIM(*plugin.in_place() == 90 && *plugin.by_call() == 70);
    CLAIM(os::tcb_reset_own());
    return nullptr;
}

TEST_P(OnModelInProcess, ModuleLoadedLaterHasItsVariablesInOldThreads)
{
    with_model(GetParam(), [] {
        constexpr int kThreads = 300;
        os::StackSlot* slots[kThreads];
        for (os::StackSlot*& slot : slots) {
            slot = make();
        }
        for (int round = 0; round < 3; ++round) {
            Plugin plugin = load_plugin();
            for (os::StackSlot* slot : slots) {
                ASSERT_EQ(text(run(*slot, use_plugin, &plugin)), "") << round;
                // After a reset as at first.
                ASSERT_EQ(text(run(*slot, use_plugin, &plugin)), "") << round;
            }
            ASSERT_EQ(text(run(*make(), use_plugin, &plugin)), "") << round;
            EXPECT_EQ(dlclose(plugin.handle), 0);
        }
    });
}

const char* use_numbers(void* argument)
{
    auto* numbers = reinterpret_cast<int* (*)()>(argument)();
    CLAIM(numbers[0] == 5 && numbers[999] == 0);
    numbers[0] = 6;
    numbers[999] = 1;
    CLAIM(os::tcb_reset_own());
    return nullptr;
}

TEST_P(OnModelInProcess, DynamicThreadLocalsAreResetInPlace)
{
    with_model(GetParam(), [] {
        os::StackSlot* slot = make();
        for (int round = 0; round < 5; ++round) {
            void* handle = dlopen(TLS_PLUGIN_DYNAMIC, RTLD_NOW);
            ASSERT_NE(handle, nullptr) << dlerror();
            void* numbers = dlsym(handle, "plugin_numbers");
            EXPECT_EQ(text(run(*slot, use_numbers, numbers)), "");
            EXPECT_EQ(text(run(*slot, use_numbers, numbers)), "");
            EXPECT_EQ(dlclose(handle), 0);
        }
        destroy(slot);
    });
}

__thread int marker = 3;

const char* check_marker(void*)
{
    CLAIM(marker == 3);
    return nullptr;
}

void* return_argument(void* argument)
{
    return argument;
}

// In the child of a fork on a TCB of ours; the library's own handlers have run.
const char* go_on_in_child(pthread_mutex_t& held)
{
    // The id is the old one: the mutex is still ours, once more and then not at all.
    CLAIM(pthread_mutex_lock(&held) == 0);
    CLAIM(pthread_mutex_unlock(&held) == 0 && pthread_mutex_unlock(&held) == 0);
    CLAIM(pthread_mutex_unlock(&held) == EPERM);
    CLAIM(marker == 33);
    pthread_t thread;
    CLAIM(pthread_create(&thread, nullptr, return_argument, nullptr) == 0);
    CLAIM(pthread_join(thread, nullptr) == 0);
    // The list of threads must hold what lived before and what comes new.
    os::StackSlot* fresh = make();
    CLAIM(fresh != nullptr);
    CLAIM(run(*fresh, check_marker) == nullptr);
    const Plugin plugin = load_plugin();
    CLAIM(*plugin.in_place() == 9);
    CLAIM(run(*fresh, use_plugin, const_cast<Plugin*>(&plugin)) == nullptr);
    destroy(fresh);
    return nullptr;
}

struct Forker {
    os::StackSlot* slot;
    std::vector<os::StackSlot*> others;
};

const char* fork_here(void* argument)
{
    auto& forker = *static_cast<Forker*>(argument);
    const std::vector<os::StackSlot*>& others = forker.others;
    // The handlers of the library shall take this for one of its threads.
    lt::current().slot = forker.slot;
    pthread_mutex_t held;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&held, &attributes);
    CLAIM(pthread_mutex_lock(&held) == 0);
    marker = 33;
    const pid_t child = fork();
    if (child == 0) {
        const char* failed = go_on_in_child(held);
        if (failed == nullptr) {
            Plugin plugin = load_plugin();
            for (os::StackSlot* other : others) {
                failed = failed == nullptr ? run(*other, use_plugin, &plugin) : failed;
                destroy(other);
            }
        }
        if (failed != nullptr) {
            std::fprintf(stderr, "in the child: %s\n", failed);
        }
        _exit(failed == nullptr ? 0 : 1);
    }
    int status = 0;
    CLAIM(waitpid(child, &status, 0) == child);
    CLAIM(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CLAIM(pthread_mutex_unlock(&held) == 0);
    return nullptr;
}

TEST_P(OnModelInProcess, ChildOfForkGoesOnWithItsTcbs)
{
    with_model(GetParam(), [] {
        Forker forker{make(), {}};
        for (int i = 0; i < 20; ++i) {
            forker.others.push_back(make());
        }
        for (int round = 0; round < 3; ++round) {
            EXPECT_EQ(text(run(*forker.slot, fork_here, &forker)), "");
            forker.others.push_back(make());
        }
    });
}

INSTANTIATE_TEST_SUITE_P(Tcb, OnModelInProcess,
                         testing::Values(os::TcbModel::kHand, os::TcbModel::kHusk),
                         [](const auto& model) {
                             return std::string{os::tcb_model_name(model.param)};
                         });

}  // namespace
