#include "os/processors.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "os/syscall.h"

namespace lt::os {
namespace {

long open_path(const char* path, int flags)
{
    return raw_syscall(SYS_openat, AT_FDCWD, syscall_argument(path), flags | O_CLOEXEC);
}

const char* read_number(const char* text, int& number)
{
    number = 0;
    for (; *text >= '0' && *text <= '9'; ++text) {
        number = number < kMostCpus ? number * 10 + (*text - '0') : number;
    }
    return text;
}

// As in "0-3,8"; a file that cannot be read stands for processors 0 to `count` - 1.
CpuMask read_list(const char* path, long count)
{
    char text[512];
    CpuMask mask;
    if (read_text(path, text, sizeof(text)) <= 0) {
        for (int cpu = 0; cpu < count && cpu < kMostCpus; ++cpu) {
            mask.add(cpu);
        }
        return mask;
    }
    for (const char* at = text; *at >= '0' && *at <= '9';) {
        int from = 0;
        at = read_number(at, from);
        int to = from;
        if (*at == '-') {
            at = read_number(at + 1, to);
        }
        for (int cpu = from; cpu <= to && cpu < kMostCpus; ++cpu) {
            mask.add(cpu);
        }
        if (*at == ',') {
            ++at;
        }
    }
    return mask;
}

// "/proc/PID/task" into `path`.
void write_task_path(int process, char* path)
{
    std::strcpy(path, "/proc/self/task");
    if (process == 0) {
        return;
    }
    char digits[12];
    int length = 0;
    for (unsigned rest = static_cast<unsigned>(process); rest != 0; rest /= 10) {
        digits[length++] = static_cast<char>('0' + rest % 10);
    }
    char* at = path + std::strlen("/proc/");
    while (length > 0) {
        *at++ = digits[--length];
    }
    std::strcpy(at, "/task");
}

}  // namespace

long read_text(const char* path, char* text, std::uint32_t size) noexcept
{
    const long file = open_path(path, O_RDONLY);
    if (file < 0) {
        return file;
    }
    long got = 0;
    do {
        got = raw_syscall(SYS_read, file, syscall_argument(text), size - 1);
    } while (got == -EINTR);
    raw_syscall(SYS_close, file);
    text[got > 0 ? got : 0] = '\0';
    return got;
}

CpuMask online_cpus() noexcept
{
    return read_list("/sys/devices/system/cpu/online", ::sysconf(_SC_NPROCESSORS_ONLN));
}

CpuMask present_cpus() noexcept
{
    return read_list("/sys/devices/system/cpu/present", ::sysconf(_SC_NPROCESSORS_CONF));
}

CpuMask usable_cpus() noexcept
{
    // Only the kernel knows: it cuts what is asked for down to it.
    const auto task = static_cast<int>(kernel_thread_id());
    CpuMask own;
    CpuMask most;
    if (get_affinity(task, own) != 0 || set_affinity(task, CpuMask::all()) != 0) {
        return online_cpus();
    }
    const bool known = get_affinity(task, most) == 0;
    set_affinity(task, own);
    return known ? most : online_cpus();
}

int get_affinity(int task, CpuMask& mask) noexcept
{
    mask = {};
    const long got =
        raw_syscall(SYS_sched_getaffinity, task, CpuMask::kBytes, syscall_argument(&mask));
    return got < 0 ? static_cast<int>(-got) : 0;
}

int set_affinity(int task, const CpuMask& mask) noexcept
{
    return static_cast<int>(
        -raw_syscall(SYS_sched_setaffinity, task, CpuMask::kBytes, syscall_argument(&mask)));
}

TaskList::TaskList(int process) noexcept
{
    char path[32];
    write_task_path(process, path);
    folder_ = open_path(path, O_RDONLY | O_DIRECTORY);
}

TaskList::~TaskList()
{
    if (folder_ >= 0) {
        raw_syscall(SYS_close, folder_);
    }
}

int TaskList::next() noexcept
{
    // struct linux_dirent64: inode, offset, length, type, name.
    constexpr long kLength = 16;
    constexpr long kName = 19;
    for (;;) {
        if (at_ >= filled_) {
            filled_ =
                raw_syscall(SYS_getdents64, folder_, syscall_argument(entries_), sizeof(entries_));
            at_ = 0;
            if (filled_ <= 0) {
                return 0;
            }
        }
        std::uint16_t length = 0;
        std::memcpy(&length, entries_ + at_ + kLength, sizeof(length));
        const char* name = entries_ + at_ + kName;
        at_ += length;
        int task = 0;
        for (; *name >= '0' && *name <= '9'; ++name) {
            task = task * 10 + (*name - '0');
        }
        if (task != 0) {
            return task;
        }
    }
}

bool is_readable_word(const void* address) noexcept
{
    // A wait of no duration: whatever the word is, the kernel looks at it.
    const std::int64_t no_time[2] = {0, 0};
    return raw_syscall(SYS_futex, syscall_argument(address), FUTEX_WAIT_PRIVATE, 0,
                       syscall_argument(no_time)) != -EFAULT;
}

bool is_writable_word(void* address) noexcept
{
    return raw_syscall(SYS_getcpu, syscall_argument(address)) == 0;
}

}  // namespace lt::os
