// glibc keeps them in _rtld_global, which is exported, at places that are not. They are recursive
// pthread mutexes; one that is held is told by its form: locked, counted, of the recursive kind,
// and owned by a task of this process.
#include "os/loader_locks.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>

#include <cstddef>

namespace lt::os {
namespace {

struct Range {
    std::uintptr_t start = 0;
    std::size_t size = 0;
};

constexpr const char* kMutexFunctions[] = {"pthread_mutex_lock", "pthread_mutex_trylock",
                                           "pthread_mutex_unlock"};
constexpr std::size_t kFunctions = sizeof(kMutexFunctions) / sizeof(kMutexFunctions[0]);

// Written once, at the start.
constinit Range mutex_code[kFunctions];
constinit Range loader_data;

Range find(const char* name)
{
    void* place = ::dlsym(RTLD_NEXT, name);
    Dl_info info;
    const ElfW(Sym)* symbol = nullptr;
    void* extra = nullptr;
    if (place == nullptr || ::dladdr1(place, &info, &extra, RTLD_DL_SYMENT) == 0 ||
        extra == nullptr) {
        return {};
    }
    symbol = static_cast<const ElfW(Sym)*>(extra);
    return {reinterpret_cast<std::uintptr_t>(place), symbol->st_size};
}

bool is_held(const pthread_mutex_t& mutex)
{
    const auto& data = mutex.__data;
    return data.__kind == PTHREAD_MUTEX_RECURSIVE_NP && data.__lock != 0 && data.__count != 0 &&
           data.__owner != 0;
}

}  // namespace

void find_loader_locks() noexcept
{
    for (std::size_t i = 0; i < kFunctions; ++i) {
        mutex_code[i] = find(kMutexFunctions[i]);
    }
    loader_data = find("_rtld_global");
}

bool is_mutex_code(std::uintptr_t instruction) noexcept
{
    for (const Range& function : mutex_code) {
        if (instruction - function.start < function.size) {
            return true;
        }
    }
    return false;
}

void rename_loader_lock_owners(std::uint32_t (*new_id)(std::uint32_t)) noexcept
{
    const std::uintptr_t end = loader_data.start + loader_data.size;
    for (std::uintptr_t at = loader_data.start; at + sizeof(pthread_mutex_t) <= end;
         at += alignof(pthread_mutex_t)) {
        auto& mutex = *reinterpret_cast<pthread_mutex_t*>(at);
        if (is_held(mutex)) {
            const std::uint32_t id = new_id(static_cast<std::uint32_t>(mutex.__data.__owner));
            mutex.__data.__owner = id != 0 ? static_cast<int>(id) : mutex.__data.__owner;
        }
    }
}

}  // namespace lt::os
