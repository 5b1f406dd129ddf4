#include "unit/lwpinspect_tui/synthetic.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace lwpi::tui::synthetic {

namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1'000 * kMillisecond;
constexpr std::int64_t kHour = 3'600 * kSecond;

const char* word_for(ThreadState state)
{
    switch (state) {
        case ThreadState::kStopped:
            return "stopped";
        case ThreadState::kReady:
            return "ready";
        case ThreadState::kRunning:
            return "running";
        case ThreadState::kBlocked:
            return "blocked";
        case ThreadState::kZombie:
            return "zombie";
        case ThreadState::kUnknown:
        case ThreadState::kSwitching:
            break;
    }
    return "odd";
}

Snapshot process_with_library(int pid, const std::string& name)
{
    Snapshot snapshot;
    snapshot.process.pid = pid;
    snapshot.process.name = name;
    snapshot.process.command = "/usr/bin/" + name + " --serve";
    snapshot.process.executable = "/usr/bin/" + name;
    snapshot.process.uptime_ns = 74 * kHour;
    snapshot.process.library.state = LibraryState::kPresent;
    snapshot.process.library.module = "/usr/lib/libthread.so.1";
    snapshot.taken_ns = 100 * kSecond;
    snapshot.pause_ns = 200'000;
    return snapshot;
}

void wait_for(ThreadInfo& thread, WaitKind kind, const std::string& name, const std::string& object,
              std::uint64_t owner)
{
    thread.wait.kind = kind;
    thread.wait.name = name;
    thread.wait.object = 0x5581c0de0080 + thread.id * 64;
    thread.wait.object_name = object;
    if (owner != 0) {
        thread.wait.owner = Owner{Owner::Kind::kThread, owner};
    }
}

LwpInfo lwp(std::uint32_t index, int tid, char kernel_state, const std::string& state)
{
    LwpInfo result;
    result.index = index;
    result.tid = tid;
    result.kernel_state = kernel_state;
    result.state_name = state;
    result.name = fmt::format("lwp/{}", index);
    result.cpu_ns = 0;
    result.run_delay_ns = 0;
    return result;
}

Syscall call(const std::string& name, std::int64_t number, std::uint64_t first)
{
    Syscall result;
    result.name = name;
    result.number = number;
    result.arguments[0] = first;
    return result;
}

void add_threads_of_shop(Snapshot& snapshot)
{
    snapshot.threads = {thread(1, "acceptor", ThreadState::kRunning),
                        thread(2, "timer", ThreadState::kReady),
                        thread(17, "worker-1", ThreadState::kBlocked),
                        thread(9544, "req-652", ThreadState::kBlocked),
                        thread(9703, "req-811", ThreadState::kBlocked)};
    ThreadInfo& acceptor = snapshot.threads[0];
    acceptor.lwp = 3;
    acceptor.tid = 4714;
    acceptor.since_ns.reset();
    acceptor.syscall = call("accept4", 288, 5);
    add_frame(snapshot, acceptor.stack, "accept4", "libc.so.6");
    add_frame(snapshot, acceptor.stack, "accept_loop", "shopd");
    snapshot.threads[1].since_ns = 3 * kMillisecond;
    snapshot.threads[1].start_function = "timer_main";
    ThreadInfo& worker = snapshot.threads[2];
    wait_for(worker, WaitKind::kCond, "cond", "queue_cv", 0);
    worker.since_ns = 131 * kSecond;
    add_frame(snapshot, worker.stack, "cond_wait", "libthread.so.1");
    add_frame(snapshot, worker.stack, "queue_pop", "shopd");
    ThreadInfo& first = snapshot.threads[3];
    wait_for(first, WaitKind::kMutex, "mutex", "", 9703);
    add_frame(snapshot, first.stack, "mutex_lock", "libthread.so.1");
    add_frame(snapshot, first.stack, "stats_add", "shopd");
    ThreadInfo& second = snapshot.threads[4];
    wait_for(second, WaitKind::kMutex, "mutex", "stats_lock", 9544);
    second.seq = 88124;
    add_frame(snapshot, second.stack, "mutex_lock", "libthread.so.1");
    add_frame(snapshot, second.stack, "cache_get", "shopd");
    add_frame(snapshot, second.stack, "handle_request", "shopd");
    add_frame(snapshot, second.stack, "worker_main", "shopd");
}

}  // namespace

void add_frame(Snapshot& snapshot, Stack& stack, const std::string& function,
               const std::string& module)
{
    Place place;
    place.function = function;
    place.offset = 0x5e + snapshot.places.size();
    place.module = module;
    place.module_path =
        (module.find(".so") == std::string::npos ? "/usr/bin/" : "/usr/lib/") + module;
    stack.frames.push_back(Frame{0x5581c0001000 + snapshot.places.size() * 64,
                                 static_cast<std::uint32_t>(snapshot.places.size())});
    stack.end = StackEnd::kEntry;
    snapshot.places.push_back(std::move(place));
}

ThreadInfo thread(std::uint64_t id, const std::string& name, ThreadState state)
{
    ThreadInfo result;
    result.id = id;
    result.name = name;
    result.state = state;
    result.state_name = word_for(state);
    result.wait.name = "-";
    result.since_ns = 14 * kSecond;
    result.switches = 100;
    return result;
}

Snapshot shop()
{
    Snapshot snapshot = process_with_library(4711, "shopd");
    add_threads_of_shop(snapshot);
    snapshot.lwps = {lwp(0, 4711, 'S', "parked"), lwp(3, 4714, 'S', "running"),
                     lwp(7, 4718, 'S', "parked")};
    snapshot.lwps[0].idle_ns = 4'100 * kMillisecond;
    snapshot.lwps[0].syscall = call("futex", 202, 0x7f0000001000);
    snapshot.lwps[1].thread = 1;
    snapshot.lwps[1].syscall = call("accept4", 288, 5);
    snapshot.lwps[2].idle_ns = 12 * kMillisecond;
    return snapshot;
}

Snapshot crowd(std::uint64_t count)
{
    Snapshot snapshot = process_with_library(4712, "crowd");
    for (std::uint64_t id = 1; id <= count; ++id) {
        ThreadInfo& one = snapshot.threads.emplace_back(
            thread(id, fmt::format("worker-{}", id), ThreadState::kBlocked));
        wait_for(one, WaitKind::kCond, "cond", "queue_cv", 0);
        one.since_ns = static_cast<std::int64_t>(id) * kMillisecond;
        add_frame(snapshot, one.stack, "cond_wait", "libthread.so.1");
        add_frame(snapshot, one.stack, fmt::format("pop_{}", id % 7), "crowd");
    }
    snapshot.lwps = {lwp(0, 4712, 'S', "parked")};
    return snapshot;
}

Snapshot plain()
{
    Snapshot snapshot = process_with_library(4800, "plain");
    snapshot.process.library = LibraryInfo{};
    snapshot.process.library.modules_searched = 31;
    snapshot.lwps = {lwp(0, 4800, 'S', ""), lwp(1, 4801, 'R', "")};
    for (LwpInfo& one : snapshot.lwps) {
        one.index.reset();
        one.name = "plain";
    }
    LwpInfo& waiter = snapshot.lwps[0];
    waiter.syscall = call("futex", 202, 0x404040);
    waiter.wait.kind = WaitKind::kMutex;
    waiter.wait.name = "mutex";
    waiter.wait.object = 0x404040;
    waiter.wait.owner = Owner{Owner::Kind::kLwp, 4801};
    add_frame(snapshot, waiter.stack, "__lll_lock_wait", "libc.so.6");
    add_frame(snapshot, waiter.stack, "wait_for_it", "plain");
    add_frame(snapshot, snapshot.lwps[1].stack, "compute", "plain");
    return snapshot;
}

SamplePtr sample(Snapshot snapshot)
{
    SnapshotRequest request;
    request.stacks = Stacks::kAll;
    SampleMaker maker;
    return maker.make(std::move(snapshot), request, std::chrono::milliseconds{2000});
}

UiState showing(Snapshot snapshot, Size size)
{
    UiState state;
    state.size = size;
    return update(std::move(state), SampleEvent{sample(std::move(snapshot))});
}

UiState seen_twice(Snapshot snapshot, Size size)
{
    UiState state;
    state.size = size;
    SnapshotRequest request;
    request.stacks = Stacks::kAll;
    SampleMaker maker;
    Snapshot second = snapshot;
    second.taken_ns += 2 * kSecond;
    for (ThreadInfo& one : second.threads) {
        if (one.since_ns) {
            *one.since_ns += 2 * kSecond;
        }
    }
    for (Snapshot* const look : {&snapshot, &second}) {
        state = update(std::move(state), SampleEvent{maker.make(std::move(*look), request,
                                                                std::chrono::milliseconds{2000})});
    }
    return state;
}

UiState type(UiState state, const std::string& letters)
{
    for (const char letter : letters) {
        const auto code = static_cast<char32_t>(static_cast<unsigned char>(letter));
        state = update(std::move(state), KeyPress{Key::kLetter, code});
    }
    return state;
}

UiState press(UiState state, std::initializer_list<Key> keys)
{
    for (const Key key : keys) {
        state = update(std::move(state), KeyPress{key, 0});
    }
    return state;
}

}  // namespace lwpi::tui::synthetic
