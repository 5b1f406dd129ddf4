// The descriptor that lwpinspect reads. [D14]
#include <libthread/inspect_abi.h>
#include <libthread/inspect_flags.h>

#include <cstddef>
#include <cstring>

#include "base/atomic.h"
#include "base/compiler.h"
#include "lwp/lwp.h"
#include "os/syscall.h"
#include "sched/thread.h"
#include "sync/object_layout.h"
#include "thread/start_up.h"

namespace lt {

static_assert(kThreadParts == 16 && sizeof(ThreadPart) == 64, "as published");

namespace {

constexpr std::uint32_t kNames = 0
#define LWPT_FIELD(structure, name, type, member)
#define LWPT_NAME(enumeration, name, value) +1
#include <libthread/inspect_fields.def>
#undef LWPT_FIELD
#undef LWPT_NAME
    ;

static_assert(LWPT_SLOT_COUNT <= LWPT_MAX_FIELDS && kNames <= LWPT_MAX_NAMES);

constexpr lwpt_name make_name(std::uint32_t enumeration, const char* text, std::uint32_t value)
{
    lwpt_name name{enumeration, value, {}};
    for (std::size_t i = 0; text[i] != '\0'; ++i) {
        name.name[i] = text[i];
    }
    return name;
}

constexpr lwpt_debug make_descriptor()
{
    lwpt_debug debug{};
    debug.magic = LWPT_MAGIC;
    debug.abi_major = LWPT_ABI_MAJOR;
    debug.abi_minor = LWPT_ABI_MINOR;
    debug.size = sizeof(lwpt_debug);
    debug.arch = LWPT_ARCH_X86_64;
    debug.reg_layout = LWPT_REGS_X86_64_SYSV_STACK7;
#if defined(LT_PROBES)
    debug.flags = LWPT_FLAG_PROBES;
#endif
    debug.field_count = LWPT_SLOT_COUNT;
    debug.name_count = kNames;
    std::uint32_t i = 0;
#define LWPT_FIELD(structure, name, type, member)                        \
    debug.fields[i].offset = offsetof(type, member);                     \
    debug.fields[i].width = sizeof(static_cast<type*>(nullptr)->member); \
    ++i;
#define LWPT_NAME(enumeration, name, value)
#include <libthread/inspect_fields.def>
#undef LWPT_FIELD
#undef LWPT_NAME
    debug.fields[LWPT_SLOT_process_threads] = {LWPT_NOT_PROVIDED, 0};
    i = 0;
#define LWPT_FIELD(structure, name, type, member)
#define LWPT_NAME(enumeration, name, value) debug.names[i++] = make_name(enumeration, name, value);
#include <libthread/inspect_fields.def>
#undef LWPT_FIELD
#undef LWPT_NAME
    return debug;
}

template <std::size_t kSize>
void copy_text(char (&to)[kSize], const char* from)
{
    std::strncpy(to, from, kSize - 1);
}

}  // namespace
}  // namespace lt

// Static data, valid before any constructor runs; a pid of 0 says that the library has not started.
extern "C" {
__attribute__((visibility("default"))) constinit lwpt_debug lwp_debug = lt::make_descriptor();
// The same under a name that no other module can take over: the note's distance is fixed at link
// time.
extern __attribute__((visibility("hidden"), alias("lwp_debug"))) lwpt_debug lwp_debug_here;
}

namespace lt {

void publish_start() noexcept
{
    lwp_debug.process = reinterpret_cast<std::uintptr_t>(&process);
    copy_text(lwp_debug.version, LT_VERSION);
    copy_text(lwp_debug.build, "g++ " __VERSION__);
    copy_text(lwp_debug.model, "-");
    // release: whoever reads the pid finds the rest in place.
    __atomic_store_n(&lwp_debug.pid_at_init, os::process_id(), __ATOMIC_RELEASE);
}

void publish_model(const char* name) noexcept
{
    copy_text(lwp_debug.model, name);
}

}  // namespace lt
