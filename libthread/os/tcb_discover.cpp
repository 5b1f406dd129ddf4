#include <dlfcn.h>
#include <link.h>

#include <cstring>

#include "arch/cpu.h"
#include "base/check.h"
#include "os/tcb_glibc.h"

namespace lt::os {

constinit Glibc glibc;

namespace {

// libthread_db's description of a field, which libc exports: size in bits, number, offset.
struct FieldDescription {
    std::uint32_t bits;
    std::uint32_t count;
    std::uint32_t offset;
};

constexpr std::size_t kLargestTcb = 8192;
constexpr std::size_t kMaxFixups = 64;

// A word of the template that differs between TCBs.
struct Fixup {
    std::uint32_t offset;
    bool own_address;  // points into the TCB itself: `value` from its start. Otherwise zero.
    std::uint32_t value;
};

// Written at start-up, then constant.
alignas(kCacheLine) constinit unsigned char image[kLargestTcb] = {};
constinit Fixup fixups[kMaxFixups] = {};
constinit std::size_t fixup_count = 0;

constinit Atomic<std::uint32_t> last_false_id{kFirstFalseId};

template <class T>
bool find_symbol(T& target, const char* name, void* scope = RTLD_DEFAULT) noexcept
{
    target = reinterpret_cast<T>(::dlsym(scope, name));
    return target != nullptr;
}

bool find_field(std::ptrdiff_t& offset, const char* name, std::uint32_t bits) noexcept
{
    const FieldDescription* field = nullptr;
    if (!find_symbol(field, name) || (bits != 0 && field->bits != bits)) {
        return false;
    }
    offset = field->offset;
    return true;
}

void find_rseq() noexcept
{
    const std::ptrdiff_t* offset = nullptr;
    const unsigned* size = nullptr;
    if (find_symbol(offset, "__rseq_offset") && find_symbol(size, "__rseq_size") && *size != 0) {
        glibc.rseq = *offset;
    }
}

// The pointer through which the resolver finds its state: by default the one that all share.
void find_resolver() noexcept
{
    const char* resp = nullptr;
    if (find_symbol(resp, "__resp")) {
        glibc.resp = resp - static_cast<const char*>(arch::thread_pointer());
    }
}

// Where the last error of dlopen and its kin is kept.
void find_error_text() noexcept
{
    const char* result = nullptr;
    if (find_symbol(result, "__libc_dlerror_result")) {
        glibc.dlerror_result = result - static_cast<const char*>(arch::thread_pointer());
    }
}

// The list of pthreads on stacks that are not glibc's own.
bool find_thread_list() noexcept
{
    std::ptrdiff_t offset = 0;
    char* rtld = nullptr;
    if (!find_field(offset, "_thread_db_rtld_global__dl_stack_user", 0) ||
        !find_symbol(rtld, "_rtld_global")) {
        return false;
    }
    glibc.user_stacks = reinterpret_cast<ListNode*>(rtld + offset);
    return true;
}

bool is_inside(std::ptrdiff_t offset, std::size_t size) noexcept
{
    return offset >= 0 && static_cast<std::size_t>(offset) + size <= glibc.tcb_bytes;
}

}  // namespace

bool find_glibc() noexcept
{
    void (*static_info)(std::size_t*, std::size_t*) = nullptr;
    const std::uint32_t* tcb_bytes = nullptr;
    const bool found = find_symbol(static_info, "_dl_get_tls_static_info") &&
                       find_symbol(tcb_bytes, "_thread_db_sizeof_pthread") &&
                       find_symbol(glibc.allocate_tls, "_dl_allocate_tls") &&
                       find_symbol(glibc.deallocate_tls, "_dl_deallocate_tls") &&
                       find_symbol(glibc.call_tls_dtors, "__call_tls_dtors") &&
                       find_symbol(glibc.ctype_init, "__ctype_init") &&
                       find_symbol(glibc.keys, "__pthread_keys") &&
                       find_field(glibc.tid, "_thread_db_pthread_tid", 32) &&
                       find_field(glibc.list, "_thread_db_pthread_list", 128) &&
                       find_field(glibc.cancel, "_thread_db_pthread_cancelhandling", 32) &&
                       find_field(glibc.specific, "_thread_db_pthread_specific", 0) &&
                       find_thread_list();
    if (!found) {
        return false;
    }
    // Our own library may define these names too.
    if (!find_symbol(glibc.create, "pthread_create", RTLD_NEXT) ||
        !find_symbol(glibc.join, "pthread_join", RTLD_NEXT)) {
        return false;
    }
    std::size_t total = 0;
    static_info(&total, &glibc.align);
    glibc.tcb_bytes = *tcb_bytes;
    if (glibc.tcb_bytes > kLargestTcb || total < glibc.tcb_bytes || glibc.align < kCacheLine ||
        (glibc.align & (glibc.align - 1)) != 0) {
        return false;
    }
    glibc.tls_bytes = round_up(total, glibc.align) - glibc.tcb_bytes;
    find_rseq();
    find_resolver();
    find_error_text();
    return true;
}

bool examine_specimen(const StackSlot& slot) noexcept
{
    void* tcb = slot.tcb;
    const TcbTail& tail = tail_of(tcb);
    const std::uintptr_t self = address(tcb);
    if (tail.tcb != tcb || at<std::uintptr_t>(tcb, kHeaderTcb) != self ||
        at<std::uintptr_t>(tcb, kHeaderSelf) != self || tid_of(tcb) != tail.kernel_id) {
        return false;
    }
    const auto robust = static_cast<std::ptrdiff_t>(tail.robust_head - self);
    if (!is_inside(robust, sizeof(RobustHead)) ||
        at<RobustHead>(tcb, robust).list != tail.robust_head) {
        return false;
    }
    glibc.robust = robust;
    for (std::size_t i = 0; i + 16 <= glibc.tcb_bytes; i += 8) {
        const auto offset = static_cast<std::ptrdiff_t>(i);
        if (at<std::uintptr_t>(tcb, offset) == slot.lo &&
            at<std::uintptr_t>(tcb, offset + 8) == tcb_top(slot) - slot.lo) {
            glibc.stackblock = offset;
        }
    }
    if (glibc.resp != 0) {
        glibc.res = at<char*>(tcb, glibc.resp) - static_cast<char*>(tcb);
        if (!is_inside(glibc.res, 1)) {
            return false;
        }
    }
    const auto tls_bytes = static_cast<std::ptrdiff_t>(glibc.tls_bytes);
    return glibc.stackblock != kUnknown && glibc.resp >= -tls_bytes && glibc.rseq >= -tls_bytes &&
           glibc.dlerror_result >= -tls_bytes &&
           glibc.rseq < static_cast<std::ptrdiff_t>(glibc.tcb_bytes);
}

bool make_template(const StackSlot& slot) noexcept
{
    void* tcb = slot.tcb;
    const std::uintptr_t self = address(tcb);
    std::memcpy(image, tcb, glibc.tcb_bytes);
    fixup_count = 0;
    for (std::size_t i = 0; i + 8 <= glibc.tcb_bytes; i += 8) {
        const auto offset = static_cast<std::ptrdiff_t>(i);
        const auto word = at<std::uintptr_t>(tcb, offset);
        // The stack's bounds are set for each TCB; the node by whoever links it.
        if (word < slot.lo || word >= slot.hi || offset == glibc.stackblock ||
            (offset >= glibc.list && offset < glibc.list + 16)) {
            continue;
        }
        if (fixup_count == kMaxFixups) {
            return false;
        }
        // What points into the specimen's stack belonged to its one run.
        const bool own = word >= self && word < self + glibc.tcb_bytes;
        fixups[fixup_count++] = {static_cast<std::uint32_t>(i), own,
                                 own ? static_cast<std::uint32_t>(word - self) : 0};
    }
    at<std::uintptr_t>(image, kHeaderDtv) = 0;
    tid_of(image) = 0;
    at<std::uint32_t>(image, glibc.cancel) = 0;
    return true;
}

void write_from_template(void* tcb) noexcept
{
    const auto before_list = static_cast<std::size_t>(glibc.list);
    const std::size_t after_list = before_list + sizeof(ListNode);
    char* target = static_cast<char*>(tcb);
    const std::uint32_t id = tail_of(tcb).false_id;
    // A TCB that was used before is on glibc's list, whose walkers may look at any time: the node
    // is left alone. All else they read (the gscope flag) is the same before, during and after.
    std::memcpy(target, image, before_list);
    std::memcpy(target + after_list, image + after_list, glibc.tcb_bytes - after_list);
    for (std::size_t i = 0; i < fixup_count; ++i) {
        const Fixup& fixup = fixups[i];
        at<std::uintptr_t>(tcb, fixup.offset) = fixup.own_address ? address(tcb) + fixup.value : 0;
    }
    tid_of(tcb) = id;
}

void disown_rseq(void* tcb) noexcept
{
    struct RseqStart {
        std::uint32_t cpu_id_start;
        std::int32_t cpu_id;
    };
    if (glibc.rseq != 0) {
        at<RseqStart>(tcb, glibc.rseq) = {0, -1};  // RSEQ_CPU_ID_UNINITIALIZED
    }
}

std::uint32_t next_false_id() noexcept
{
    // relaxed: only uniqueness counts. A wrap takes a thousand million TCBs.
    const std::uint32_t count = last_false_id.fetch_add(1, memory_order_relaxed) - kFirstFalseId;
    return kFirstFalseId + count % (kLastFalseId - kFirstFalseId);
}

}  // namespace lt::os
