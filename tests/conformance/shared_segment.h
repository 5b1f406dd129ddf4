// What the tests of process-shared objects share: a segment of memory and programs that find it.
#pragma once

#include <synch.h>
#include <thread.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "sync_support.h"

namespace conformance {

// What the processes share. Plain fields are guarded by `mutex`.
struct Shared {
    mutex_t mutex;
    cond_t cond;
    sema_t sema;
    sema_t second_sema;
    rwlock_t lock;
    mutex_t robust;
    mutex_t old_robust;
    long total;
    int waiting;
    bool told;
    std::atomic<int> step;
    std::atomic<pid_t> process;
    std::uintptr_t creators_address;

    void init()
    {
        EXPECT_EQ(mutex_init(&mutex, USYNC_PROCESS, nullptr), 0);
        EXPECT_EQ(mutex_init(&robust, USYNC_PROCESS | LOCK_ROBUST, nullptr), 0);
        EXPECT_EQ(mutex_init(&old_robust, USYNC_PROCESS_ROBUST, nullptr), 0);
        EXPECT_EQ(cond_init(&cond, USYNC_PROCESS, nullptr), 0);
        EXPECT_EQ(sema_init(&sema, 0, USYNC_PROCESS, nullptr), 0);
        EXPECT_EQ(sema_init(&second_sema, 0, USYNC_PROCESS, nullptr), 0);
        EXPECT_EQ(rwlock_init(&lock, USYNC_PROCESS, nullptr), 0);
        creators_address = reinterpret_cast<std::uintptr_t>(this);
    }
};

inline constexpr const char* kNameVariable = "LT_TEST_SEGMENT";
inline constexpr int kRounds = 3'000;

inline Shared* map_segment(int file)
{
    void* const at = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    return at == MAP_FAILED ? nullptr : static_cast<Shared*>(at);
}

// The segment made by the test, for its child programs; at an address other than the creator's.
inline Shared& find_segment()
{
    const int file = shm_open(std::getenv(kNameVariable), O_RDWR | O_CLOEXEC, 0);
    Shared* shared = file < 0 ? nullptr : map_segment(file);
    if (shared != nullptr && reinterpret_cast<std::uintptr_t>(shared) == shared->creators_address) {
        shared = map_segment(file);
    }
    if (shared == nullptr) {
        std::_Exit(120);
    }
    close(file);
    return *shared;
}

// Shared objects in a segment of System V memory.
class SystemVSegment {
  public:
    SystemVSegment() : id_{shmget(IPC_PRIVATE, sizeof(Shared), IPC_CREAT | 0600)}
    {
        shared_->init();
    }
    ~SystemVSegment()
    {
        shmctl(id_, IPC_RMID, nullptr);
        shmdt(shared_);
    }
    SystemVSegment(const SystemVSegment&) = delete;
    SystemVSegment& operator=(const SystemVSegment&) = delete;

    [[nodiscard]] int id() const { return id_; }
    [[nodiscard]] Shared& operator*() const { return *shared_; }

    // Once more, or in another process.
    static Shared& attach(long id)
    {
        void* const at = shmat(static_cast<int>(id), nullptr, 0);
        if (reinterpret_cast<std::intptr_t>(at) == -1) {
            std::_Exit(122);
        }
        return *static_cast<Shared*>(at);
    }

  private:
    int id_;
    Shared* shared_ = &attach(id_);
};

inline void increment(Shared& shared)
{
    for (int i = 0; i < kRounds; ++i) {
        mutex_lock(&shared.mutex);
        const long before = shared.total;
        if (i % 128 == 0) {
            thr_yield();
        }
        shared.total = before + 1;
        mutex_unlock(&shared.mutex);
    }
}

inline bool reaches(const std::atomic<int>& step, int wanted)
{
    return bounded::until([&] { return step >= wanted; });
}

class SynchShared : public ThreadTest {
  protected:
    void SetUp() override
    {
        name_ = "/lt-synch-shared-" + std::to_string(getpid());
        const int file = shm_open(name_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        ASSERT_GE(file, 0);
        ASSERT_EQ(ftruncate(file, sizeof(Shared)), 0);
        shared_ = map_segment(file);
        close(file);
        ASSERT_NE(shared_, nullptr);
        shared_->init();
    }

    void TearDown() override
    {
        ThreadTest::TearDown();
        munmap(shared_, sizeof(Shared));
        shm_unlink(name_.c_str());
    }

    [[nodiscard]] child::Outcome run_child(const child::Program& program, long argument = 0) const
    {
        child::Options options;
        options.environment = {std::string{kNameVariable} + "=" + name_};
        options.argument = argument;
        return child::run(program, options);
    }

    void expect_child(const child::Program& program, int status = 0, long argument = 0) const
    {
        const child::Outcome outcome = run_child(program, argument);
        EXPECT_TRUE(outcome.exited && outcome.exit_status == status) << outcome.describe();
    }

    Shared* shared_ = nullptr;

  private:
    std::string name_;
};

}  // namespace conformance
