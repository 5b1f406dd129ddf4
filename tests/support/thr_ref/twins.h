// Objects of the reference. One of Solaris' size has no room for one of NPTL's: it holds, behind
// its type, the address of a twin, which its *_init function makes, or else its first use. Twins
// live until the program ends.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <list>
#include <mutex>
#include <optional>

#include "support/thr_ref/thr_ref.h"

namespace thr_ref {

using Time = std::chrono::system_clock::time_point;

inline std::mutex twins_lock;  // guards what objects hold, and the lists of twins

inline constexpr std::size_t kTypeAt = 4;
inline constexpr std::size_t kTwinAt = 8;

// Under twins_lock.
template <class Twin>
Twin& make_twin_locked(char* object, std::uint16_t type)
{
    static std::deque<Twin> all;
    Twin* const twin = &all.emplace_back(type);
    std::memcpy(object + kTypeAt, &type, sizeof type);
    std::memcpy(object + kTwinAt, &twin, sizeof twin);
    return *twin;
}

// Whatever the object held before.
template <class Twin>
Twin& make_twin(void* object, int type)
{
    const std::lock_guard held{twins_lock};
    return make_twin_locked<Twin>(static_cast<char*>(object), static_cast<std::uint16_t>(type));
}

template <class Twin>
Twin& twin_of(void* object)
{
    const std::lock_guard held{twins_lock};
    auto* const bytes = static_cast<char*>(object);
    Twin* twin = nullptr;
    std::memcpy(&twin, bytes + kTwinAt, sizeof twin);
    if (twin != nullptr) {
        return *twin;
    }
    std::uint16_t type = 0;
    std::memcpy(&type, bytes + kTypeAt, sizeof type);
    return make_twin_locked<Twin>(bytes, type);
}

// Those who sleep, in the order in which they came. Its lock guards the object, too.
class Queue {
  public:
    struct Sleeper {
        thread_t id = thr_self();
        bool writes = false;
        bool awake = false;
        std::condition_variable woken{};
    };
    using Lock = std::unique_lock<std::mutex>;

    [[nodiscard]] Lock lock() { return Lock{mutex_}; }

    // Until woken, or until `end`: then it returns false.
    bool sleep(Lock& held, const void* object, std::optional<Time> end, bool writes = false)
    {
        Sleeper self;
        self.writes = writes;
        sleepers_.push_back(&self);
        const Sleep sleep{object};
        const auto is_awake = [&] { return self.awake; };
        if (!end) {
            self.woken.wait(held, is_awake);
        } else if (!self.woken.wait_until(held, *end, is_awake)) {
            sleepers_.remove(&self);
        }
        return self.awake;
    }

    // The first of those who write, or of the others; nullptr if there is none.
    [[nodiscard]] Sleeper* first(bool writes = false) const
    {
        for (Sleeper* const sleeper : sleepers_) {
            if (sleeper->writes == writes) {
                return sleeper;
            }
        }
        return nullptr;
    }

    void wake(Sleeper* sleeper)
    {
        sleepers_.remove(sleeper);
        sleeper->awake = true;
        sleeper->woken.notify_one();
    }

  private:
    std::mutex mutex_;
    std::list<Sleeper*> sleepers_;
};

}  // namespace thr_ref
