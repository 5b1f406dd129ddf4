// The C interface: live processes, saved snapshots, and targets that the caller reads.
#include "lwpdb/lwpdb.h"

#include <gtest/gtest.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include "e2e/inspect_support.h"

extern "C" int lwpdb_from_c(int pid);

namespace {

using inspect_test::Target;

struct Told {
    std::string state, wait;
    std::uint64_t owner = 0;
    std::string innermost;
};

// What the oracle says of its threads.
std::map<std::uint64_t, Told> told_by(const Target& target)
{
    std::map<std::uint64_t, Told> all;
    for (const std::string& line : target.lines()) {
        std::istringstream in(line);
        std::string word, object, owner, readers, chain;
        std::uint64_t id = 0;
        Told told;
        in >> word >> id >> told.state >> told.wait >> object >> owner >> readers >> chain;
        told.owner = owner == "-" ? 0 : std::stoull(owner);
        told.innermost = chain.substr(0, chain.find('<'));
        all[id] = told;
    }
    return all;
}

struct Handle {
    ~Handle() { lwpdb_close(handle); }
    lwpdb_t* handle = nullptr;
};

int collect(const lwpdb_thread_t* thread, void* argument)
{
    (*static_cast<std::map<std::uint64_t, std::string>*>(argument))[thread->id] =
        thread->state_name;
    return 0;
}

std::map<std::uint64_t, std::string> states(lwpdb_t* handle)
{
    std::map<std::uint64_t, std::string> all;
    EXPECT_EQ(lwpdb_refresh(handle, nullptr, nullptr), LWPDB_OK) << lwpdb_message(handle);
    EXPECT_EQ(lwpdb_thread_iter(handle, collect, &all), LWPDB_OK);
    return all;
}

void expect_as_told(lwpdb_t* handle, const std::map<std::uint64_t, Told>& all, bool running_too)
{
    for (const auto& [id, told] : all) {
        if (told.state == "running" && !running_too) {
            continue;
        }
        SCOPED_TRACE(id);
        lwpdb_thread_t thread{};
        thread.size = sizeof thread;
        ASSERT_EQ(lwpdb_thread_info(handle, id, &thread), LWPDB_OK) << lwpdb_message(handle);
        EXPECT_EQ(thread.state_name, told.state);
        EXPECT_EQ(thread.wait_name, told.wait);
        EXPECT_EQ(thread.owner, told.owner);
        EXPECT_LT(thread.stack_lo, thread.stack_hi);
        lwpdb_frame_t frames[64];
        for (lwpdb_frame_t& frame : frames) {
            frame.size = sizeof frame;
        }
        std::size_t count = 0;
        const char* end = nullptr;
        ASSERT_EQ(lwpdb_thread_stack(handle, id, frames, 64, &count, &end), LWPDB_OK);
        if (told.innermost != "-") {
            EXPECT_TRUE(std::any_of(
                frames, frames + std::min<std::size_t>(count, 64),
                [&](const lwpdb_frame_t& frame) { return frame.function == told.innermost; }))
                << told.innermost << " among " << count;
            EXPECT_STREQ(end, "entry");
        }
    }
}

class Lwpdb : public testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_TRUE(target_.is_ready());
        told_ = told_by(target_);
        ASSERT_EQ(lwpdb_open_pid(target_.pid(), &live_.handle), LWPDB_OK);
        ASSERT_TRUE(inspect_test::settles(target_));
        states(live_.handle);
    }

    Target target_{{ORACLE_PROGRAM}};
    std::map<std::uint64_t, Told> told_;
    Handle live_;
};

TEST_F(Lwpdb, AnswersAsTheProgramSays)
{
    EXPECT_EQ(states(live_.handle).size(), told_.size());
    expect_as_told(live_.handle, told_, true);
    lwpdb_thread_t thread{};
    thread.size = sizeof thread;
    EXPECT_EQ(lwpdb_thread_info(live_.handle, 1, &thread), LWPDB_OK);
    std::uint64_t id = 0;
    EXPECT_EQ(lwpdb_lwp_to_thread(live_.handle, thread.lwp, &id), LWPDB_OK);
    EXPECT_EQ(id, 1U);
    EXPECT_EQ(lwpdb_lwp_to_thread(live_.handle, 1, &id), LWPDB_NOT_FOUND);
    EXPECT_EQ(lwpdb_thread_info(live_.handle, 99999, &thread), LWPDB_NOT_FOUND);
}

TEST_F(Lwpdb, KnowsTheWaitersOfAnObject)
{
    const auto waiter = std::find_if(told_.begin(), told_.end(),
                                     [](const auto& one) { return one.second.wait == "mutex"; });
    ASSERT_NE(waiter, told_.end());
    lwpdb_thread_t thread{};
    thread.size = sizeof thread;
    ASSERT_EQ(lwpdb_thread_info(live_.handle, waiter->first, &thread), LWPDB_OK);
    lwpdb_sync_t object{};
    object.size = sizeof object;
    ASSERT_EQ(lwpdb_sync_info(live_.handle, thread.wait_object, &object), LWPDB_OK);
    EXPECT_STREQ(object.name, "oracle_mutex");
    EXPECT_EQ(object.owner, 1U);
    std::vector<std::uint64_t> ids(object.waiters);
    std::size_t count = 0;
    ASSERT_EQ(lwpdb_sync_waiters(live_.handle, thread.wait_object, ids.data(), 1, &count),
              LWPDB_OK);
    EXPECT_EQ(count, object.waiters);
    EXPECT_EQ(told_[ids[0]].wait, "mutex");
    EXPECT_EQ(lwpdb_sync_info(live_.handle, 1, &object), LWPDB_NOT_FOUND);
}

TEST_F(Lwpdb, ReadsWhatSaveWrote)
{
    const std::string path = testing::TempDir() + "lwpdb_" + std::to_string(::getpid()) + ".lwps";
    ASSERT_EQ(inspect_test::inspect({"save", std::to_string(target_.pid()), "-o", path}).exit_code,
              0);
    Handle saved;
    ASSERT_EQ(lwpdb_open_file(path.c_str(), &saved.handle), LWPDB_OK) << lwpdb_message(nullptr);
    EXPECT_EQ(states(saved.handle).size(), told_.size());
    expect_as_told(saved.handle, told_, true);
    std::remove(path.c_str());
}

// Memory and mappings of the target as a debugger would hand them over.
struct Reader {
    explicit Reader(pid_t process) : pid(process)
    {
        std::ifstream file("/proc/" + std::to_string(pid) + "/maps");
        for (std::string line; std::getline(file, line);) {
            lwpdb_mapping_t map{};
            char flags[5] = "";
            int path_at = 0;
            unsigned long start = 0, end = 0, offset = 0;
            if (std::sscanf(line.c_str(), "%lx-%lx %4s %lx %*s %*s %n", &start, &end, &flags[0],
                            &offset, &path_at) < 4) {
                continue;
            }
            map.start = start;
            map.end = end;
            map.offset = offset;
            map.readable = flags[0] == 'r';
            map.writable = flags[1] == 'w';
            map.executable = flags[2] == 'x';
            mappings.push_back(map);
            paths.push_back(line.substr(static_cast<std::size_t>(path_at)));
        }
    }

    pid_t pid;
    std::vector<lwpdb_mapping_t> mappings;
    std::vector<std::string> paths;
};

TEST_F(Lwpdb, ReadsThroughItsCaller)
{
    Reader reader(target_.pid());
    lwpdb_ops_t ops{};
    ops.size = sizeof ops;
    ops.pid = target_.pid();
    ops.read = [](void* self, std::uint64_t address, void* into, std::size_t length) {
        iovec local{into, length};
        iovec remote{reinterpret_cast<void*>(address), length};
        const ssize_t got =
            ::process_vm_readv(static_cast<Reader*>(self)->pid, &local, 1, &remote, 1, 0);
        return got < 0 ? std::size_t{0} : static_cast<std::size_t>(got);
    };
    ops.mapping = [](void* self, std::size_t n, lwpdb_mapping_t* map) {
        const auto* const it = static_cast<Reader*>(self);
        if (n >= it->mappings.size()) {
            return 0;
        }
        *map = it->mappings[n];
        map->path = it->paths[n].c_str();
        return 1;
    };
    ops.lwp = [](void*, std::size_t, lwpdb_registers_t*) { return 0; };
    Handle handle;
    ASSERT_EQ(lwpdb_open_ops(&ops, &reader, &handle.handle), LWPDB_OK) << lwpdb_message(nullptr);
    EXPECT_EQ(states(handle.handle).size(), told_.size());
    expect_as_told(handle.handle, told_, false);
}

TEST(LwpdbErrors, HaveCodesAndSentences)
{
    Handle handle;
    EXPECT_EQ(lwpdb_open_pid(99999999, &handle.handle), LWPDB_NO_PROCESS);
    EXPECT_EQ(handle.handle, nullptr);
    EXPECT_STREQ(lwpdb_message(nullptr), "no process 99999999.");
    EXPECT_EQ(lwpdb_open_core("/nonexistent", nullptr, nullptr, &handle.handle),
              LWPDB_BAD_ARGUMENT);
    EXPECT_EQ(lwpdb_open_file(nullptr, &handle.handle), LWPDB_BAD_ARGUMENT);
    EXPECT_EQ(lwpdb_open_pid(1, nullptr), LWPDB_BAD_ARGUMENT);
    EXPECT_EQ(lwpdb_refresh(nullptr, nullptr, nullptr), LWPDB_BAD_ARGUMENT);
    // Ourselves: a process without libthread.
    ASSERT_EQ(lwpdb_open_pid(::getpid(), &handle.handle), LWPDB_OK);
    std::uint64_t id = 0;
    EXPECT_EQ(lwpdb_lwp_to_thread(handle.handle, ::getpid(), &id), LWPDB_BAD_ARGUMENT);
    lwpdb_request_t request{};
    request.size = sizeof request;
    request.mode = LWPDB_NOSTOP;
    lwpdb_stats_t stats{};
    stats.size = sizeof stats;
    EXPECT_EQ(lwpdb_refresh(handle.handle, &request, &stats), LWPDB_NO_LIBRARY);
    EXPECT_NE(std::string(lwpdb_message(handle.handle)).find("does not use libthread"),
              std::string::npos);
    EXPECT_GE(stats.lwps, 1U);
    EXPECT_STREQ(lwpdb_strerror(LWPDB_NO_ACCESS), "no permission");
}

TEST(LwpdbErrors, AnOlderCallersStructuresAreNotOverrun)
{
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    Handle handle;
    ASSERT_EQ(lwpdb_open_pid(target.pid(), &handle.handle), LWPDB_OK);
    states(handle.handle);
    lwpdb_thread_t thread{};
    thread.size = offsetof(lwpdb_thread_t, name);
    const char* const untouched = "untouched";
    thread.name = untouched;
    EXPECT_EQ(lwpdb_thread_info(handle.handle, 1, &thread), LWPDB_OK);
    EXPECT_EQ(thread.id, 1U);
    EXPECT_EQ(thread.name, untouched);
}

TEST(LwpdbFromC, CountsThreads)
{
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    EXPECT_EQ(static_cast<std::size_t>(lwpdb_from_c(target.pid())), target.lines().size());
}

}  // namespace
