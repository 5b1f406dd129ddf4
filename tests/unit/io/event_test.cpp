// Whom an event of a descriptor wakes, and at whom it looks.
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <deque>
#include <new>
#include <vector>

#include "base/compiler.h"
#include "io/poller.h"
#include "sched/poll_hooks.h"

namespace lt::io {
namespace {

enum class Kind : bool { kPoller, kExclusive };

// A wait of nobody's: no thread sleeps in it.
struct Wait {
    Waiter waiter{nullptr};
    WaitNode node;

    Wait(std::uint32_t events, Kind kind)
    {
        node.waiter = &waiter;
        node.events = events;
        node.exclusive = kind == Kind::kExclusive;
    }
    [[nodiscard]] bool woken() const
    {
        return waiter.outcome.load(memory_order_relaxed) == Waiter::kReady;
    }
};

class Event : public testing::Test {
  protected:
    Event()
    {
        start_poller();
        join(poller_);
    }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() override
    {
        deliver(EPOLLHUP);
        close(fd_);
    }

    void join(Wait& wait) { EXPECT_EQ(join_waiters(self_, wait.node, fd_), 0); }

    Wait& add(std::uint32_t events, Kind kind)
    {
        Wait& wait = waits_.emplace_back(events, kind);
        join(wait);
        return wait;
    }

    void deliver(std::uint32_t events)
    {
        ReadyEvents ready;
        ready.count = 1;
        ready.events[0].events = events;
        ready.events[0].data.u64 = static_cast<std::uint64_t>(fd_);
        poll_hooks.deliver(self_, ready);
    }

    Thread self_;
    const int fd_ = eventfd(0, EFD_CLOEXEC);
    std::deque<Wait> waits_;
    Wait poller_{EPOLLPRI, Kind::kPoller};  // for what does not come
};

TEST_F(Event, WakesOneExclusiveWaiterADirectionAndAllOthers)
{
    for (int i = 0; i < 2; ++i) {
        add(EPOLLIN, Kind::kExclusive);
        add(EPOLLOUT, Kind::kExclusive);
        add(EPOLLIN, Kind::kPoller);
        add(EPOLLOUT, Kind::kPoller);
        add(EPOLLIN | EPOLLOUT, Kind::kPoller);
    }
    const auto woken = [&] {
        std::vector<int> numbers;
        for (std::size_t i = 0; i < waits_.size(); ++i) {
            if (waits_[i].woken()) {
                numbers.push_back(static_cast<int>(i));
            }
        }
        return numbers;
    };
    deliver(EPOLLIN);
    EXPECT_EQ(woken(), (std::vector{0, 2, 4, 7, 9}));
    deliver(EPOLLOUT);
    EXPECT_EQ(woken(), (std::vector{0, 1, 2, 3, 4, 7, 8, 9}));
    EXPECT_FALSE(poller_.woken());
    deliver(EPOLLERR);
    EXPECT_EQ(woken().size(), waits_.size());
    EXPECT_TRUE(poller_.woken());
}

TEST_F(Event, WakesWhoCameFirst)
{
    constexpr int kWaits = 6;
    constexpr int kLeaves = 2;
    for (int i = 0; i < kWaits; ++i) {
        add(i % 2 == 0 ? EPOLLIN : EPOLLOUT, Kind::kExclusive);
    }
    EXPECT_TRUE(leave_waiters(waits_[kLeaves].node));
    for (const int first : {0, 4}) {
        EXPECT_FALSE(waits_[static_cast<std::size_t>(first)].woken());
        deliver(EPOLLIN);
        EXPECT_TRUE(waits_[static_cast<std::size_t>(first)].woken());
    }
    for (const int first : {1, 3, 5}) {
        EXPECT_FALSE(waits_[static_cast<std::size_t>(first)].woken());
        deliver(EPOLLOUT);
        EXPECT_TRUE(waits_[static_cast<std::size_t>(first)].woken());
    }
    EXPECT_FALSE(waits_[kLeaves].woken());
}

// A page of waits that can be put out of reach: who looks at one of them ends the test.
class Page {
  public:
    static constexpr std::size_t kWaits = kPageSize / sizeof(Wait);

    ~Page() { munmap(page_, kPageSize); }
    Page() = default;
    Page(const Page&) = delete;
    Page& operator=(const Page&) = delete;

    Wait& make(std::size_t index)
    {
        return *new (static_cast<char*>(page_) + index * sizeof(Wait))
            Wait{EPOLLIN, Kind::kExclusive};
    }
    void close() { EXPECT_EQ(mprotect(page_, kPageSize, PROT_NONE), 0); }
    void open() { EXPECT_EQ(mprotect(page_, kPageSize, PROT_READ | PROT_WRITE), 0); }

  private:
    void* page_ =
        mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
};

TEST_F(Event, LooksAtNoneButThoseItWakesAndTheirNeighbours)
{
    Page page;
    Wait& first = add(EPOLLIN, Kind::kExclusive);
    Wait& second = add(EPOLLIN, Kind::kExclusive);
    add(EPOLLIN, Kind::kExclusive);
    for (std::size_t i = 0; i < Page::kWaits; ++i) {
        join(page.make(i));
    }
    Wait& last = add(EPOLLIN, Kind::kExclusive);
    Wait& writer = add(EPOLLOUT, Kind::kExclusive);
    page.close();
    deliver(EPOLLIN);
    EXPECT_TRUE(first.woken());
    pass_on(self_, *first.node.entry, fd_);
    deliver(EPOLLOUT);
    EXPECT_TRUE(writer.woken());
    deliver(EPOLLIN);
    EXPECT_TRUE(second.woken());
    join(first);  // and so does a wait that begins, and one that ends
    EXPECT_TRUE(leave_waiters(first.node));
    page.open();
    EXPECT_FALSE(last.woken());
    deliver(EPOLLHUP);
    EXPECT_TRUE(last.woken());
}

}  // namespace
}  // namespace lt::io
