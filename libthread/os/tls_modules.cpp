#include "os/tls_modules.h"

#include <dlfcn.h>
#include <sys/mman.h>

#include <cstring>

#include "arch/cpu.h"
#include "base/check.h"
#include "os/spinlock.h"
#include "os/syscall.h"
#include "os/tcb.h"

namespace lt::os {
namespace {

constexpr std::uint64_t kNever = 0;
constexpr std::size_t kMaxWords = 16;
constexpr std::size_t kMaxLists = 64;
constexpr std::size_t kMaxKept = 8;
constexpr int kMaxAttempts = 100;

struct Kept {
    std::ptrdiff_t offset;
    std::size_t bytes;
};

// Words of the loader's state that hold the number of loads so far, or of modules present. At first
// also words that hold the same number by chance; each load drops some of those.
struct WordSet {
    std::size_t count;
    const std::uint32_t* words[kMaxWords];
};

// Each drop makes a new set, so that readers never see one change. Written in callbacks of
// dl_iterate_phdr, under the loader's lock; read by anyone.
constinit WordSet word_sets[kMaxWords + 1] = {};
constinit std::size_t word_set_count = 0;
constinit Atomic<const WordSet*> current_words{&word_sets[0]};

constinit SpinLock publish_lock;  // guards `lists`; leaf
constinit const ModuleList* lists[kMaxLists] LT_GUARDED_BY(publish_lock) = {};
constinit std::size_t list_count LT_GUARDED_BY(publish_lock) = 0;
// `published` is right for the modules that `published_for` stands for.
constinit Atomic<const ModuleList*> published{nullptr};
constinit Atomic<std::uint64_t> published_for{kNever};

// Written at start-up.
constinit Kept kept[kMaxKept] = {};
constinit std::size_t kept_count = 0;
constinit bool is_shared_library = false;

struct Survey {
    unsigned long long adds = 0;
    unsigned long long subs = 0;
    std::size_t modules = 0;
    std::size_t image_bytes = 0;
    bool changed = false;
    bool complete = true;
    std::uint64_t fingerprint = kNever;
    ModuleList* list = nullptr;
    unsigned char* next_image = nullptr;
    char* probe = nullptr;  // a fresh TCB, whose dtv tells static modules from dynamic ones
};

bool covers(const dl_phdr_info& info, std::uintptr_t target) noexcept
{
    for (std::size_t i = 0; i < info.dlpi_phnum; ++i) {
        const ElfW(Phdr)& header = info.dlpi_phdr[i];
        const std::uintptr_t start = info.dlpi_addr + header.p_vaddr;
        if (header.p_type == PT_LOAD && target >= start && target < start + header.p_memsz) {
            return true;
        }
    }
    return false;
}

bool is_ours(const dl_phdr_info& info) noexcept
{
    return covers(info, address(&kept_count));
}

void collect_words(WordSet& set, unsigned long long adds, unsigned long long present) noexcept
{
    void* state = ::dlsym(RTLD_DEFAULT, "_rtld_global");
    Dl_info info{};
    void* extra = nullptr;
    if (state == nullptr || ::dladdr1(state, &info, &extra, RTLD_DL_SYMENT) == 0 ||
        extra == nullptr) {
        return;
    }
    const auto* symbol = static_cast<const ElfW(Sym)*>(extra);
    const auto* word = static_cast<const std::uint32_t*>(state);
    for (std::size_t i = 0; i + 2 <= symbol->st_size / 4; i += 2) {
        if ((word[i] == adds || word[i] == present) && word[i + 1] == 0 && set.count < kMaxWords) {
            set.words[set.count++] = word + i;
        }
    }
}

// Collects, or checks, the words that tell of loads.
void survey_words(unsigned long long adds, unsigned long long present) noexcept
{
    if (word_set_count == 0) {
        word_set_count = 1;
        collect_words(word_sets[0], adds, present);
        return;
    }
    const WordSet& before = word_sets[word_set_count - 1];
    WordSet after{};
    for (std::size_t i = 0; i < before.count; ++i) {
        if (*before.words[i] == adds || *before.words[i] == present) {
            after.words[after.count++] = before.words[i];
        }
    }
    if (after.count < before.count) {
        word_sets[word_set_count] = after;
        // release: the set's contents. A reader of the old set gets another number, and looks
        // again.
        current_words.store(&word_sets[word_set_count], memory_order_release);
        ++word_set_count;
    }
}

void add_segment(Survey& survey, std::ptrdiff_t offset, std::size_t bytes,
                 const unsigned char* image) noexcept
{
    ModuleList& list = *survey.list;
    if (bytes == 0) {
        return;
    }
    // Around variables that must never, even for a moment, read as new.
    for (std::size_t i = 0; i < kept_count; ++i) {
        const auto size = static_cast<std::ptrdiff_t>(kept[i].bytes);
        const std::ptrdiff_t inside = kept[i].offset - offset;
        const auto length = static_cast<std::ptrdiff_t>(bytes);
        if (inside + size <= 0 || inside >= length) {
            continue;
        }
        if (inside > 0) {
            add_segment(survey, offset, static_cast<std::size_t>(inside), image);
        }
        if (inside + size < length) {
            const std::ptrdiff_t rest = inside + size;
            add_segment(survey, offset + rest, static_cast<std::size_t>(length - rest),
                        image == nullptr ? nullptr : image + rest);
        }
        return;
    }
    if (list.segment_count == ModuleList::kMaxSegments) {
        survey.complete = false;
        return;
    }
    list.segments[list.segment_count++] = {offset, bytes, image};
}

void add_module(Survey& survey, const dl_phdr_info& info, const ElfW(Phdr) & tls) noexcept
{
    ModuleList& list = *survey.list;
    const DtvEntry* dtv = at<const DtvEntry*>(survey.probe, kHeaderDtv);
    const std::size_t id = info.dlpi_tls_modid;
    const char* data =
        is_allocated(dtv, id) ? reinterpret_cast<const char*>(dtv[id].value) : nullptr;
    if (data == nullptr || data < survey.probe - glibc.tls_bytes || data >= survey.probe) {
        if (list.dynamic_count == ModuleList::kMaxDynamic) {
            survey.complete = false;
            return;
        }
        list.dynamic[list.dynamic_count++] = id;
        return;
    }
    std::memcpy(survey.next_image, reinterpret_cast<const void*>(info.dlpi_addr + tls.p_vaddr),
                tls.p_filesz);
    const std::ptrdiff_t offset = data - survey.probe;
    const auto filled = static_cast<std::ptrdiff_t>(tls.p_filesz);
    add_segment(survey, offset, tls.p_filesz, survey.next_image);
    add_segment(survey, offset + filled, tls.p_memsz - tls.p_filesz, nullptr);
    survey.next_image += tls.p_filesz;
}

int count_module(dl_phdr_info* info, std::size_t, void* argument) noexcept
{
    auto& survey = *static_cast<Survey*>(argument);
    survey.adds = info->dlpi_adds;
    survey.subs = info->dlpi_subs;
    ++survey.modules;
    const ElfW(Phdr)* tls = tls_header(*info);
    if (tls != nullptr && !is_excluded(*info)) {
        survey.image_bytes += tls->p_filesz;
    }
    return 0;
}

int take_module(dl_phdr_info* info, std::size_t, void* argument) noexcept
{
    auto& survey = *static_cast<Survey*>(argument);
    if (info->dlpi_adds != survey.adds || info->dlpi_subs != survey.subs) {
        survey.changed = true;
        return 1;
    }
    // With modules in other name spaces there is no one word that counts all that are present.
    const unsigned long long present = survey.adds - survey.subs;
    if (survey.fingerprint == kNever && survey.modules == present) {
        survey_words(survey.adds, present);
        survey.fingerprint = loaded_modules();
    }
    const ElfW(Phdr)* tls = tls_header(*info);
    if (tls != nullptr && !is_excluded(*info)) {
        add_module(survey, *info, *tls);
    }
    return 0;
}

void unmap(const ModuleList* list) noexcept
{
    raw_syscall(SYS_munmap, syscall_argument(list), static_cast<long>(list->map_bytes));
}

ModuleList* map_list(std::size_t image_bytes) noexcept
{
    const std::size_t bytes = round_up(sizeof(ModuleList) + image_bytes, kPageSize);
    const long mapped = raw_syscall(SYS_mmap, 0, static_cast<long>(bytes), PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped < 0 && mapped > -4096) {
        return nullptr;
    }
    auto* list = reinterpret_cast<ModuleList*>(mapped);
    list->map_bytes = bytes;
    list->image_bytes = image_bytes;
    return list;
}

// One attempt; `survey.changed` if a module came or went meanwhile.
bool survey_modules(Survey& survey) noexcept
{
    ::dl_iterate_phdr(count_module, &survey);
    survey.list = map_list(survey.image_bytes);
    survey.probe = static_cast<char*>(glibc.allocate_tls(nullptr));
    if (survey.list != nullptr && survey.probe != nullptr) {
        survey.next_image = reinterpret_cast<unsigned char*>(survey.list + 1);
        ::dl_iterate_phdr(take_module, &survey);
    } else {
        survey.complete = false;
    }
    if (survey.probe != nullptr) {
        glibc.deallocate_tls(survey.probe, true);
    }
    if (survey.complete && !survey.changed) {
        return true;
    }
    if (survey.list != nullptr) {
        unmap(survey.list);
    }
    return false;
}

bool same(const ModuleList& a, const ModuleList& b) noexcept
{
    if (a.segment_count != b.segment_count || a.dynamic_count != b.dynamic_count ||
        a.image_bytes != b.image_bytes ||
        std::memcmp(a.dynamic, b.dynamic, sizeof(a.dynamic)) != 0 ||
        std::memcmp(&a + 1, &b + 1, a.image_bytes) != 0) {
        return false;
    }
    for (std::uint32_t i = 0; i < a.segment_count; ++i) {
        const TlsSegment& x = a.segments[i];
        const TlsSegment& y = b.segments[i];
        if (x.offset != y.offset || x.bytes != y.bytes ||
            (x.image == nullptr) != (y.image == nullptr)) {
            return false;
        }
    }
    return true;
}

// Lists are for ever, since a thread may be using one: programs that load and unload the same
// modules over and over get the same list again.
const ModuleList* publish(const Survey& survey) noexcept
{
    const SpinGuard guard{publish_lock};
    const ModuleList* list = nullptr;
    for (std::size_t i = 0; i < list_count && list == nullptr; ++i) {
        if (same(*lists[i], *survey.list)) {
            list = lists[i];
        }
    }
    if (list != nullptr) {
        unmap(survey.list);
    } else if (list_count < kMaxLists) {
        list = lists[list_count++] = survey.list;
    } else {
        unmap(survey.list);
        return nullptr;
    }
    // A reader that takes the new list for the old number finds that the number has changed when it
    // looks at the end.
    // release: the list's contents, in this order.
    published_for.store(kNever, memory_order_release);
    published.store(list, memory_order_release);
    published_for.store(survey.fingerprint, memory_order_release);
    return list;
}

LT_NOINLINE const ModuleList* survey_until_steady(bool& for_good) noexcept
{
    for_good = true;
    for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
        Survey survey;
        if (survey_modules(survey)) {
            return publish(survey);
        }
        if (!survey.changed) {
            for_good = survey.list != nullptr && survey.probe != nullptr;
            return nullptr;
        }
    }
    return nullptr;
}

}  // namespace

bool is_excluded(const dl_phdr_info& info) noexcept
{
    return covers(info, address(reinterpret_cast<void*>(glibc.call_tls_dtors))) ||
           covers(info, address(reinterpret_cast<void*>(glibc.allocate_tls))) ||
           (is_shared_library && is_ours(info));
}

const ElfW(Phdr) * tls_header(const dl_phdr_info& info) noexcept
{
    for (std::size_t i = 0; i < info.dlpi_phnum; ++i) {
        if (info.dlpi_phdr[i].p_type == PT_TLS && info.dlpi_phdr[i].p_memsz != 0) {
            return &info.dlpi_phdr[i];
        }
    }
    return nullptr;
}

bool find_modules() noexcept
{
    Dl_info ours{};
    Dl_info libc{};
    if (::dladdr(&kept_count, &ours) == 0 ||
        ::dladdr(reinterpret_cast<void*>(glibc.call_tls_dtors), &libc) == 0 ||
        ours.dli_fbase == libc.dli_fbase) {
        return false;
    }
    // As an archive we share a module, and its variables, with the program.
    is_shared_library =
        ours.dli_fname != nullptr && std::strstr(ours.dli_fname, "libthread.so") != nullptr;
    return true;
}

std::uint64_t loaded_modules() noexcept
{
    // acquire: pairs with survey_words(): the set's contents.
    const WordSet* set = current_words.load(memory_order_acquire);
    std::uint64_t sum = kNever;
    for (std::size_t i = 0; i < set->count; ++i) {
        // Ordered by the loader's lock where it matters; we only look for a change.
        sum = sum * 0x9e3779b97f4a7c15 + __atomic_load_n(set->words[i], __ATOMIC_RELAXED);
    }
    return sum;
}

const ModuleList* latest_modules(std::uint64_t& loaded) noexcept
{
    // acquire, both: pairs with publish(): the list belongs to this number, or to a later one.
    loaded = published_for.load(memory_order_acquire);
    const ModuleList* list = published.load(memory_order_acquire);
    return LT_LIKELY(loaded != kNever) ? list : nullptr;
}

const ModuleList* current_modules(std::uint64_t now, bool& for_good) noexcept
{
    std::uint64_t listed = kNever;
    const ModuleList* list = latest_modules(listed);
    for_good = true;
    return list != nullptr && listed == now ? list : survey_until_steady(for_good);
}

void tcb_keep_variable(const void* variable, std::size_t size) noexcept
{
    LT_CHECK(kept_count < kMaxKept, "too many kept variables");
    const auto offset =
        static_cast<const char*>(variable) - static_cast<char*>(arch::thread_pointer());
    kept[kept_count++] = {offset, size};
}

void lock_tls_reset() noexcept LT_NO_TSA
{
    publish_lock.lock();
}
void unlock_tls_reset() noexcept LT_NO_TSA
{
    publish_lock.unlock();
}

}  // namespace lt::os
