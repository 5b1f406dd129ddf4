// sysinfo(2) of Solaris, under the name that <sys/systeminfo.h> maps it to.
#include <sys/systeminfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "api/failed.h"
#include "base/compiler.h"
#include "os/processors.h"

namespace lt {
namespace {

constexpr std::size_t kMostBytes = 257;

// A file of one line; empty if it cannot be read.
void read_line(const char* path, char* text)
{
    if (os::read_text(path, text, kMostBytes) <= 0) {
        text[0] = '\0';
    }
    text[std::strcspn(text, "\n")] = '\0';
}

const char* uname_field(const utsname& names, int command)
{
    switch (command) {
        case SI_SYSNAME:
            return names.sysname;
        case SI_HOSTNAME:
            return names.nodename;
        case SI_RELEASE:
            return names.release;
        case SI_VERSION:
            return names.version;
        case SI_MACHINE:
            return names.machine;
        default:
            return nullptr;
    }
}

const char* fixed_answer(int command)
{
    switch (command) {
        case SI_ARCHITECTURE:
        case SI_ARCHITECTURE_32:
            return "i386";
        case SI_ARCHITECTURE_64:
        case SI_ARCHITECTURE_K:
        case SI_ARCHITECTURE_NATIVE:
            return "amd64";
        case SI_PLATFORM:
            return "i86pc";
        case SI_ISALIST:
            return "amd64 pentium_pro pentium i486 i386";
        default:
            return nullptr;
    }
}

// False: an undefined command.
bool describe(int command, char* text)
{
    utsname names{};
    ::uname(&names);
    const char* answer = uname_field(names, command);
    if (answer == nullptr) {
        answer = fixed_answer(command);
    }
    if (answer != nullptr) {
        std::snprintf(text, kMostBytes, "%s", answer);
        return true;
    }
    switch (command) {
        case SI_HW_SERIAL:
            std::snprintf(text, kMostBytes, "%lu",
                          static_cast<unsigned long>(::gethostid()) & 0xffffffffUL);
            return true;
        case SI_HW_PROVIDER:
            read_line("/sys/class/dmi/id/sys_vendor", text);
            return true;
        case SI_SRPC_DOMAIN:
            std::snprintf(text, kMostBytes, "%s", names.domainname);
            return true;
        default:
            return false;
    }
}

int set_name(int command, const char* name)
{
    const std::size_t length = ::strnlen(name, kMostBytes);
    if (length > 64) {
        return failed_if(EINVAL);
    }
    return command == SI_SET_HOSTNAME ? ::sethostname(name, length) : ::setdomainname(name, length);
}

}  // namespace
}  // namespace lt

LT_EXPORT int _sysinfo(int command, char* buf, long count)
{
    if (command == SI_SET_HOSTNAME || command == SI_SET_SRPC_DOMAIN) {
        if (buf == nullptr) {
            return lt::failed_if(EFAULT);
        }
        return lt::set_name(command, buf);
    }
    char text[lt::kMostBytes];
    if (!lt::describe(command, text)) {
        return lt::failed_if(EINVAL);
    }
    const std::size_t needed = std::strlen(text) + 1;
    if (count > 0) {
        if (buf == nullptr) {
            return lt::failed_if(EFAULT);
        }
        const std::size_t room = static_cast<std::size_t>(count);
        const std::size_t stored = needed < room ? needed : room;
        std::memcpy(buf, text, stored - 1);
        buf[stored - 1] = '\0';
    }
    return static_cast<int>(needed);
}
