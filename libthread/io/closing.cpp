#include "io/closing.h"

#include <cerrno>

#include "io/epoll_set.h"
#include "io/poller.h"

namespace lt::io {
namespace {

// Most numbers never had a waiter: one look each.
template <class Note>
void for_each_known(unsigned first, unsigned last, Note note)
{
    const int saved_errno = errno;
    for (unsigned number = first; number <= last; ++number) {
        const int fd = static_cast<int>(number);
        FdEntry* entry = entry_if_known(fd);
        if (entry == nullptr) {
            continue;
        }
        // relaxed: a wait that begins while the number is being closed is the program's race; it
        // ends by the second of two looks, after the closing.
        if (entry->registered.load(memory_order_relaxed)) {
            note(*entry, fd);
        }
        forget_beliefs(*entry);
    }
    errno = saved_errno;
}

}  // namespace

Closing::Closing(unsigned first, unsigned last) noexcept : first_{first}, last_{last}
{
    const auto known = static_cast<unsigned>(known_fds());
    if (first >= known) {
        first_ = 1;
        last_ = 0;
        return;
    }
    last_ = last < known ? last : known - 1;
    for_each_known(first_, last_, note_closing);
}

Closing::~Closing()
{
    if (first_ <= last_) {
        for_each_known(first_, last_, [](FdEntry& entry, int) { note_closed(entry); });
    }
}

unsigned next_own_fd(unsigned first, unsigned last) noexcept
{
    // The two lie close together, and above most.
    unsigned best = last;
    for (const int fd : own_fds()) {
        if (fd >= 0 && is_own_fd(fd) && static_cast<unsigned>(fd) >= first &&
            static_cast<unsigned>(fd) < best) {
            best = static_cast<unsigned>(fd);
        }
    }
    return best;
}

}  // namespace lt::io
