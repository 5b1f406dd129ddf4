// processor_info(2), p_online(2)
#include <fcntl.h>
#include <sys/processor.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "api/failed.h"
#include "base/compiler.h"
#include "os/processors.h"
#include "os/syscall.h"

namespace lt {
namespace {

int processor_state(processorid_t cpu)
{
    return os::online_cpus().has(cpu) ? P_ONLINE : P_OFFLINE;
}

// The highest clock of a processor; 0 unknown.
int megahertz(processorid_t cpu)
{
    char path[80];
    char text[32];
    std::snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/cpufreq/cpuinfo_max_freq",
                  cpu);
    if (os::read_text(path, text, sizeof(text)) > 0) {
        return static_cast<int>(std::strtol(text, nullptr, 10) / 1000);  // from kHz
    }
    // Virtual machines tell it here alone; all processors of one have the same.
    char info[2048];
    if (os::read_text("/proc/cpuinfo", info, sizeof(info)) <= 0) {
        return 0;
    }
    const char* line = std::strstr(info, "cpu MHz");
    const char* colon = line != nullptr ? std::strchr(line, ':') : nullptr;
    return colon != nullptr ? static_cast<int>(std::strtol(colon + 1, nullptr, 10)) : 0;
}

int set_online(processorid_t cpu, bool online)
{
    char path[64];
    std::snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
    const long file =
        os::raw_syscall(SYS_openat, AT_FDCWD, os::syscall_argument(path), O_WRONLY | O_CLOEXEC);
    if (file == -ENOENT) {
        return ENOTSUP;  // the kernel cannot take it off line
    }
    if (file < 0) {
        return EPERM;
    }
    const long written =
        os::raw_syscall(SYS_write, file, os::syscall_argument(online ? "1" : "0"), 1);
    os::raw_syscall(SYS_close, file);
    if (written == 1) {
        return 0;
    }
    return written == -EBUSY ? EBUSY : EPERM;
}

}  // namespace
}  // namespace lt

LT_EXPORT int processor_info(processorid_t processorid, processor_info_t* infop)
{
    if (!lt::os::present_cpus().has(processorid)) {
        return lt::failed_if(EINVAL);
    }
    if (!lt::os::is_writable_word(infop) || infop == nullptr) {
        return lt::failed_if(EFAULT);
    }
    std::memset(infop, 0, sizeof(*infop));
    infop->pi_state = lt::processor_state(processorid);
    std::strcpy(infop->pi_processor_type, "i386");
    std::strcpy(infop->pi_fputypes, "i387 compatible");
    infop->pi_clock = lt::megahertz(processorid);
    return 0;
}

LT_EXPORT int p_online(processorid_t processorid, int flag)
{
    if (!lt::os::present_cpus().has(processorid) || flag < P_OFFLINE || flag > P_SPARE) {
        return lt::failed_if(EINVAL);
    }
    const int before = lt::processor_state(processorid);
    if (flag == P_STATUS || flag == before) {
        return before;
    }
    if (flag != P_ONLINE && flag != P_OFFLINE) {
        return lt::failed_if(ENOTSUP);
    }
    const int error = lt::set_online(processorid, flag == P_ONLINE);
    return error == 0 ? before : lt::failed_if(error);
}
