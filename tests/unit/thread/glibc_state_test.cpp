// What glibc keeps for each thread, and does with each: it is the unbound thread's own, wherever
// that runs, and a thread that comes later finds it new.
#include <synch.h>
#include <thread.h>

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <iconv.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "support/bounded.h"
#include "support/crew.h"

namespace {

using crew::Crew;

void yield_often()
{
    for (int i = 0; i < 10; ++i) {
        thr_yield();
    }
}

TEST(GlibcState, LocalesAreOfTheThread)
{
    Crew threads;
    for (int i = 0; i < 8; ++i) {
        threads.start([i] {
            EXPECT_EQ(uselocale(nullptr), LC_GLOBAL_LOCALE);
            const locale_t own = newlocale(LC_ALL_MASK, i % 2 == 0 ? "C" : "C.UTF-8", nullptr);
            uselocale(own);
            for (int round = 0; round < 10; ++round) {
                yield_often();
                EXPECT_EQ(uselocale(nullptr), own);
                wchar_t wide = 0;
                const int length = std::mbtowc(&wide, "\xc3\xa9", 2);
                EXPECT_EQ(length, i % 2 == 0 ? -1 : 2);
            }
            uselocale(LC_GLOBAL_LOCALE);
            freelocale(own);
        });
    }
}

TEST(GlibcState, BuffersOfMessagesAreOfTheThread)
{
    Crew threads;
    for (int i = 0; i < 8; ++i) {
        threads.start([i] {
            const int number = 10'000 + i;
            const std::string expected = "Unknown error " + std::to_string(number);
            const char* const text = std::strerror(number);
            const char* const signal = strsignal(100 + i);
            EXPECT_EQ(dlsym(RTLD_DEFAULT, ("no_such_" + std::to_string(i)).c_str()), nullptr);
            errno = number;
            h_errno = i;
            yield_often();
            EXPECT_EQ(errno, number);
            EXPECT_EQ(h_errno, i);
            EXPECT_EQ(text, expected);
            EXPECT_EQ(signal, "Unknown signal " + std::to_string(100 + i));
            EXPECT_NE(std::string{dlerror()}.find("no_such_" + std::to_string(i)),
                      std::string::npos);
        });
    }
}

// A lock that is held over switches, recursively.
TEST(GlibcState, StdioLocksAreOfTheThread)
{
    std::FILE* const file = std::tmpfile();
    ASSERT_NE(file, nullptr);
    constexpr int kThreads = 6;
    constexpr int kLines = 20;
    {
        Crew threads;
        for (int i = 0; i < kThreads; ++i) {
            threads.start([file, i] {
                for (int line = 0; line < kLines; ++line) {
                    flockfile(file);
                    std::fprintf(file, "%d", i);
                    flockfile(file);
                    thr_yield();
                    std::fprintf(file, "%d", i);
                    funlockfile(file);
                    std::fprintf(file, "\n");
                    funlockfile(file);
                }
            });
        }
    }
    std::rewind(file);
    std::array<char, 16> line{};
    int lines = 0;
    while (std::fgets(line.data(), line.size(), file) != nullptr) {
        EXPECT_EQ(line[0], line[1]);
        EXPECT_EQ(line[2], '\n');
        ++lines;
    }
    EXPECT_EQ(lines, kThreads * kLines);
    std::fclose(file);
}

TEST(GlibcState, NamesAreLookedUpAndTextsConverted)
{
    Crew threads;
    for (int i = 0; i < 6; ++i) {
        threads.start([] {
            addrinfo hints{};
            hints.ai_family = AF_INET;
            hints.ai_socktype = SOCK_STREAM;
            addrinfo* found = nullptr;
            EXPECT_EQ(getaddrinfo("localhost", "80", &hints, &found), 0);
            thr_yield();
            freeaddrinfo(found);
            const iconv_t conversion = iconv_open("UTF-16LE", "UTF-8");
            ASSERT_NE(conversion, reinterpret_cast<iconv_t>(-1));
            char in[] = "h\xc3\xa9";
            std::array<char, 8> out{};
            char* from = in;
            char* to = out.data();
            std::size_t left = 3;
            std::size_t room = out.size();
            thr_yield();
            EXPECT_EQ(iconv(conversion, &from, &left, &to, &room), 0U);
            EXPECT_EQ(room, 4U);
            EXPECT_EQ(out[2], '\xe9');
            iconv_close(conversion);
        });
    }
}

template <class Function>
Function symbol(void* module, const char* name)
{
    return reinterpret_cast<Function>(dlsym(module, name));
}

// Threads are there when a module comes; each finds its variables as the module has them, and keeps
// what it writes.
TEST(GlibcState, ModulesWithThreadLocalsComeWhileThreadsLive)
{
    constexpr int kThreads = 300;
    std::atomic<int> ready{0};
    std::atomic<bool> loaded{false};
    std::atomic<int> right{0};
    int* (*by_call)() = nullptr;
    int* (*in_place)() = nullptr;
    int* (*numbers)() = nullptr;
    Crew threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.start([&, i] {
            ++ready;
            while (!loaded) {
                thr_yield();
            }
            const bool fresh = *by_call() == 7 && *in_place() == 9 && *numbers() == 5;
            *by_call() = *in_place() = *numbers() = i;
            thr_yield();
            right += fresh && *by_call() == i && *in_place() == i && *numbers() == i ? 1 : 0;
        });
    }
    EXPECT_TRUE(bounded::until([&] { return ready == kThreads; }));
    void* const module = dlopen(TLS_PLUGIN, RTLD_NOW);
    void* const dynamic = dlopen(TLS_PLUGIN_DYNAMIC, RTLD_NOW);
    EXPECT_NE(module, nullptr) << dlerror();
    EXPECT_NE(dynamic, nullptr) << dlerror();
    by_call = symbol<int* (*)()>(module, "plugin_by_call");
    in_place = symbol<int* (*)()>(module, "plugin_in_place");
    numbers = symbol<int* (*)()>(dynamic, "plugin_numbers");
    loaded = true;
    threads.join();
    EXPECT_EQ(right, kThreads);
    EXPECT_EQ(dlclose(module), 0);
    EXPECT_EQ(dlclose(dynamic), 0);
}

// In a process of its own, as ctest runs it, the thread is the first of all.
TEST(GlibcState, AConstructorOfALoadedModuleMakesAThread)
{
    void* module = dlopen(CREATING_PLUGIN, RTLD_NOW);
    ASSERT_NE(module, nullptr) << dlerror();
    EXPECT_EQ(symbol<int (*)()>(module, "plugin_joined")(), 1);
    EXPECT_EQ(dlclose(module), 0);
}

std::atomic<int> ticks{0};
std::atomic<thread_t> ticked_in{0};

// glibc makes a thread for each, which may call the library as any.
TEST(GlibcState, TimersCallFunctionsInThreadsOfTheirOwn)
{
    Crew threads;
    threads.start([] {
        sigevent event{};
        event.sigev_notify = SIGEV_THREAD;
        event.sigev_notify_function = [](sigval) {
            ticked_in = thr_self();
            thr_yield();
            ++ticks;
        };
        timer_t timer{};
        ASSERT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
        itimerspec time{};
        time.it_value.tv_nsec = time.it_interval.tv_nsec = 1'000'000;
        ASSERT_EQ(timer_settime(timer, 0, &time, nullptr), 0);
        EXPECT_TRUE(bounded::until([] { return ticks >= 3; }));
        EXPECT_EQ(timer_delete(timer), 0);
        EXPECT_NE(ticked_in, thr_self());
    });
}

struct Coroutine {
    ucontext_t caller{};
    ucontext_t own{};
    std::vector<char> stack = std::vector<char>(64 * 1024);
    int steps = 0;
};

void step_and_return(unsigned high, unsigned low)
{
    auto& coroutine = *reinterpret_cast<Coroutine*>(std::uintptr_t{high} << 32U | low);
    for (int i = 0; i < 10; ++i) {
        thr_yield();
        ++coroutine.steps;
        swapcontext(&coroutine.own, &coroutine.caller);
    }
}

TEST(GlibcState, ContextsAreSwappedWithinAThread)
{
    Crew threads;
    for (int i = 0; i < 4; ++i) {
        threads.start([] {
            Coroutine coroutine;
            getcontext(&coroutine.own);
            coroutine.own.uc_stack.ss_sp = coroutine.stack.data();
            coroutine.own.uc_stack.ss_size = coroutine.stack.size();
            coroutine.own.uc_link = &coroutine.caller;
            const auto address = reinterpret_cast<std::uintptr_t>(&coroutine);
            makecontext(&coroutine.own, reinterpret_cast<void (*)()>(step_and_return), 2,
                        static_cast<unsigned>(address >> 32U), static_cast<unsigned>(address));
            const thread_t self = thr_self();
            for (int step = 1; step <= 10; ++step) {
                swapcontext(&coroutine.caller, &coroutine.own);
                thr_yield();
                EXPECT_EQ(coroutine.steps, step);
                EXPECT_EQ(thr_self(), self);
            }
            volatile int returns = 0;
            ucontext_t here;
            getcontext(&here);
            thr_yield();
            returns = returns + 1;
            if (returns < 3) {
                setcontext(&here);
            }
            EXPECT_EQ(returns, 3);
        });
    }
}

}  // namespace
