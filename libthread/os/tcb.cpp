#include "os/tcb.h"

#include <asm/prctl.h>
#include <dlfcn.h>
#include <sys/auxv.h>

#include <cstdlib>
#include <cstring>

#include "arch/cpu.h"
#include "base/check.h"
#include "os/spinlock.h"
#include "os/syscall.h"
#include "os/tcb_glibc.h"

namespace lt::os {
namespace {

constexpr unsigned long kHwcap2FsGsBase = 2;
constexpr std::uint32_t kRseqSignature = 0x53053053;  // what glibc registers with on x86
constexpr std::size_t kHuskStack = std::size_t{64} << 10;

constinit TcbModel model = TcbModel::kBound;

// Between these two, which are never unlinked, lie all hand-made TCBs. glibc only writes the outer
// links of the pair, so that its lock is not needed for ours.
constinit SpinLock list_lock;  // guards the links between the anchors; leaf
constinit StackSlot* first_anchor = nullptr;
constinit StackSlot* last_anchor = nullptr;

// Runtimes that keep their own account of threads and stacks, and lose it when we switch.
bool is_foreign_runtime() noexcept
{
    const char* preload = std::getenv("LD_PRELOAD");
    return ::dlsym(RTLD_DEFAULT, "__asan_init") != nullptr ||
           ::dlsym(RTLD_DEFAULT, "__tsan_init") != nullptr ||
           ::dlsym(RTLD_DEFAULT, "__msan_init") != nullptr ||
           (preload != nullptr && std::strstr(preload, "vgpreload") != nullptr);
}

StackSlot* make_permanent_husk(Error& error) noexcept
{
    StackSlot* slot = stack_slot_allocate(kHuskStack, error);
    if (slot == nullptr) {
        return nullptr;
    }
    error = make_husk(*slot);
    if (error != Error::kNone) {
        stack_slot_free(slot);
        return nullptr;
    }
    return slot;
}

// glibc puts new pthreads at the head of its list: the second anchor comes before the first.
bool make_anchors(Error& error) noexcept
{
    first_anchor = make_permanent_husk(error);
    if (first_anchor == nullptr) {
        return false;
    }
    tid_of(first_anchor->tcb) = tail_of(first_anchor->tcb).false_id;
    const ListNode& first = node_of(first_anchor->tcb);
    const ListNode& last = node_of(last_anchor->tcb);
    return first.next == &last && last.prev == &first;
}

Error create_hand(StackSlot& slot) noexcept
{
    void* tcb = tcb_place(slot);
    if (slot.linked_tcb == nullptr) {
        tail_of(tcb).false_id = next_false_id();
    }
    write_from_template(tcb);
    char* tls = static_cast<char*>(tcb) - glibc.tls_bytes;
    std::memset(tls, 0, glibc.tls_bytes);
    // On the list first: a dlopen that runs meanwhile gives the block its module's image, which the
    // call below either does as well or comes too early for.
    if (slot.linked_tcb == nullptr) {
        tcb_link(tcb);
        slot.linked_tcb = tcb;
    }
    if (glibc.allocate_tls(tcb) == nullptr) {
        at<void*>(tcb, kHeaderDtv) = nullptr;
        return Error::kNoMemory;
    }
    if (glibc.resp != 0) {
        at<void*>(tcb, glibc.resp) = static_cast<char*>(tcb) + glibc.res;
    }
    disown_rseq(tcb);
    slot.tcb = tcb;
    slot.stack_hi = address(tls) & ~(kCacheLine - 1);
    return Error::kNone;
}

Error create_husk(StackSlot& slot) noexcept
{
    if (slot.linked_tcb != nullptr) {
        // An earlier attempt to bury the husk that lies here failed.
        slot.tcb = slot.linked_tcb;
        const bool buried = bury_husk(slot);
        slot.tcb = nullptr;
        if (!buried) {
            return Error::kLimit;
        }
        slot.linked_tcb = nullptr;
    }
    const Error error = make_husk(slot);
    if (error == Error::kNone) {
        tid_of(slot.tcb) = tail_of(slot.tcb).false_id;
    }
    return error;
}

// In the child of fork glibc has taken the caller out of its list and put it at the head of a new
// one. The others still hang together, around the place where the old list's head was. No other
// thread exists that could walk here.
void insert_after_head(ListNode& first, ListNode& last) noexcept
{
    ListNode& head = *glibc.user_stacks;
    first.prev = &head;
    last.next = head.next;
    head.next->prev = &last;
    head.next = &first;
}

void relink_anchors() noexcept
{
    insert_after_head(node_of(first_anchor->tcb), node_of(last_anchor->tcb));
}

// Husks only: pthreads on stacks of the program are gone, and glibc forgets them too.
void relink_husks() noexcept
{
    const ListNode* head = glibc.user_stacks;
    ListNode* node = &node_of(last_anchor->tcb);
    while (node->prev != head) {
        node = node->prev;
    }
    while (node != head) {
        ListNode* next = node->next;
        void* tcb = reinterpret_cast<char*>(node) - glibc.list;
        if (tid_of(tcb) >= kFirstFalseId) {
            insert_after_head(*node, *node);
        }
        node = next;
    }
}

bool lacks_room(Error error) noexcept
{
    return error == Error::kNoMemory || error == Error::kLimit;
}

// Tries `candidate`, whose parts have been prepared. kUnsupported: it does not work here.
Error try_out(TcbModel candidate) noexcept
{
    model = candidate;
    const Error error = tcb_self_test();
    if (error != Error::kNone) {
        model = TcbModel::kBound;
    }
    return error;
}

}  // namespace

void tcb_link(void* tcb) noexcept
{
    ListNode& node = node_of(tcb);
    const SpinGuard guard{list_lock};
    ListNode& before = node_of(first_anchor->tcb);
    node.next = before.next;
    node.prev = &before;
    node.next->prev = &node;
    // release: a walker that finds the node finds its links.
    __atomic_store_n(&before.next, &node, __ATOMIC_RELEASE);
}

void tcb_unlink(void* tcb) noexcept
{
    const ListNode& node = node_of(tcb);
    const SpinGuard guard{list_lock};
    node.next->prev = node.prev;
    // relaxed: the next node was complete before; a walker on this one goes on by its links.
    __atomic_store_n(&node.prev->next, node.next, __ATOMIC_RELAXED);
}

const char* tcb_model_name(TcbModel which) noexcept
{
    switch (which) {
        case TcbModel::kHand:
            return "hand";
        case TcbModel::kHusk:
            return "husk";
        case TcbModel::kBound:
            break;
    }
    return "bound";
}

TcbModel tcb_model() noexcept
{
    return model;
}

Error tcb_start(TcbModel wanted) noexcept
{
    // Bound threads too run their destructors before a joiner can have them, which takes the
    // fields.
    const bool found = find_glibc();
    if (wanted == TcbModel::kBound || is_foreign_runtime() || !found) {
        return Error::kNone;
    }
    const std::size_t tcb_and_tail = round_up(glibc.tcb_bytes, kCacheLine) + kCacheLine;
    // Alignment may cost up to itself.
    stack_slot_reserve(
        glibc.tls_bytes + tcb_and_tail + (glibc.align > kCacheLine ? glibc.align : 0),
        tcb_and_tail);
    Error error = Error::kNone;
    StackSlot* specimen = make_permanent_husk(error);
    if (specimen == nullptr || !examine_specimen(*specimen)) {
        return lacks_room(error) ? error : Error::kNone;
    }
    tid_of(specimen->tcb) = tail_of(specimen->tcb).false_id;
    last_anchor = specimen;
    error = start_tls_reset();
    if (error != Error::kNone) {
        return error;
    }
    error = Error::kUnsupported;
    if (wanted == TcbModel::kHand && make_template(*specimen) && make_anchors(error)) {
        error = try_out(TcbModel::kHand);
    }
    if (error != Error::kNone && !lacks_room(error)) {
        error = try_out(TcbModel::kHusk);
    }
    return lacks_room(error) ? error : Error::kNone;
}

Error tcb_create(StackSlot& slot) noexcept
{
    LT_CHECK(slot.tcb == nullptr, "a slot got a second TCB");
    const Error error = model == TcbModel::kHand   ? create_hand(slot)
                        : model == TcbModel::kHusk ? create_husk(slot)
                                                   : Error::kUnsupported;
    if (error == Error::kNone) {
        tcb_set_stack(slot.tcb, slot.lo, slot.stack_hi);
    }
    return error;
}

void tcb_destroy(StackSlot& slot) noexcept
{
    if (model == TcbModel::kHand) {
        bury_hand(slot.tcb);
        glibc.deallocate_tls(slot.tcb, false);
        at<void*>(slot.tcb, kHeaderDtv) = nullptr;
    } else if (!bury_husk(slot)) {
        slot.linked_tcb = slot.tcb;
    }
    slot.tcb = nullptr;
}

void tcb_forget_cancellation(void* tcb) noexcept
{
    at<std::uint32_t>(tcb, glibc.cancel) = 0;
}

bool tcb_can_fill_jump_buffers() noexcept
{
    return glibc.jump_buffers_known;
}

void tcb_first_run() noexcept
{
    glibc.ctype_init();
}

void tcb_set_stack(void* tcb, std::uintptr_t lo, std::uintptr_t hi) noexcept
{
    struct Bounds {
        std::uintptr_t lo;
        std::size_t size;
    };
    at<Bounds>(tcb, glibc.stackblock) = {lo, hi - lo};
}

void tcb_before_fork() noexcept LT_NO_TSA
{
    lock_tls_reset();
    list_lock.lock();
}

void tcb_after_fork_parent() noexcept LT_NO_TSA
{
    list_lock.unlock();
    unlock_tls_reset();
}

void tcb_after_fork_child(void* tcb) noexcept
{
    tcb_after_fork_parent();
    if (tcb != nullptr) {
        // The kernel would write to what it knew as the forking pthread when this task ends.
        static constinit std::uint32_t ignored = 0;
        static constinit RobustHead none = {0, 0, 0};
        none.list = address(&none);
        tid_of(tcb) = tail_of(tcb).false_id;
        raw_syscall(SYS_set_tid_address, syscall_argument(&ignored));
        raw_syscall(SYS_set_robust_list, syscall_argument(&none), sizeof(none));
    }
    if (model == TcbModel::kHand) {
        relink_anchors();
    } else if (model == TcbModel::kHusk) {
        relink_husks();
    }
}

bool can_write_fs_base() noexcept
{
    static constinit Atomic<int> known{-1};
    // relaxed: whoever asks first finds the same answer.
    int answer = known.load(memory_order_relaxed);
    if (LT_UNLIKELY(answer < 0)) {
        answer = (::getauxval(AT_HWCAP2) & kHwcap2FsGsBase) != 0 ? 1 : 0;
        // relaxed: as above.
        known.store(answer, memory_order_relaxed);
    }
    return answer != 0;
}

void set_fs_base(void* tcb) noexcept
{
    if (can_write_fs_base()) {
        arch::write_thread_pointer(tcb);
    } else {
        raw_syscall(SYS_arch_prctl, ARCH_SET_FS, syscall_argument(tcb));
    }
}

void tcb_unregister_rseq() noexcept
{
    if (glibc.rseq == 0) {
        return;
    }
    constexpr long kUnregister = 1;
    char* area = static_cast<char*>(arch::thread_pointer()) + glibc.rseq;
    // The kernel wants the size it was registered with: the original one, or a later glibc's.
    for (const long size : {32L, 64L, 40L, 28L}) {
        if (raw_syscall(SYS_rseq, syscall_argument(area), size, kUnregister, kRseqSignature) == 0) {
            break;
        }
    }
    disown_rseq(arch::thread_pointer());
}

void tcb_renew_rseq() noexcept
{
    constexpr long kSize = 32;
    constexpr std::ptrdiff_t kCpu = 4;  // the field that the kernel keeps; negative: not registered
    void* tcb = arch::thread_pointer();
    if (glibc.rseq != 0 && at<std::int32_t>(tcb, glibc.rseq + kCpu) >= 0) {
        raw_syscall(SYS_rseq, syscall_argument(static_cast<char*>(tcb) + glibc.rseq), kSize, 0,
                    kRseqSignature);
    }
}

}  // namespace lt::os
