#include "support/platform.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "support/in_kernel.h"

#if defined(__linux__)
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "support/insight.h"
#elif defined(__sun)
#include <procfs.h>
#include <sys/lwp.h>
#else
#error "neither Linux nor Solaris"
#endif

namespace platform {
namespace {

int count_entries(const char* folder)
{
    DIR* const directory = opendir(folder);
    if (directory == nullptr) {
        return -1;
    }
    int count = 0;
    while (const dirent* const entry = readdir(directory)) {
        count += entry->d_name[0] != '.' ? 1 : 0;
    }
    closedir(directory);
    return count;
}

}  // namespace

bool make_pipe(int ends[2])
{
    if (pipe(ends) != 0) {
        return false;
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return true;
}

std::string Variant::name() const
{
    std::string text = model;
    const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : "+") + part; };
    if (concurrency > 0) {
        add("c" + std::to_string(concurrency));
    }
    if (migrate) {
        add("always");
    }
    return text.empty() ? "default" : text;
}

#if defined(__linux__)

const char* own_executable()
{
    return "/proc/self/exe";
}

int anonymous_file()
{
    return memfd_create("test output", MFD_CLOEXEC);
}

void die_with_parent()
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

std::size_t address_space_in_use()
{
    std::size_t pages = 0;
    std::FILE* const file = std::fopen("/proc/self/statm", "re");
    if (file != nullptr && std::fscanf(file, "%zu", &pages) != 1) {
        pages = 0;
    }
    if (file != nullptr) {
        std::fclose(file);
    }
    return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

int own_lwp()
{
    return static_cast<int>(syscall(SYS_gettid));
}

bool is_lwp_asleep(int lwp)
{
    const std::string path = "/proc/self/task/" + std::to_string(lwp) + "/stat";
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    char line[512] = {};
    const ssize_t size = file < 0 ? 0 : read(file, line, sizeof line - 1);
    if (file >= 0) {
        close(file);
    }
    // The name in parentheses may hold anything; the state follows the last one.
    const char* const end = size > 0 ? std::strrchr(line, ')') : nullptr;
    return end != nullptr && end[2] == 'S';
}

long read_in_kernel(int fd, void* buffer, std::size_t size)
{
    return syscall(SYS_read, fd, buffer, size);
}

int lwp_count()
{
    return count_entries("/proc/self/task");
}

bool is_one_to_one()
{
    // Asked for, or fallen back to when the first thread was made.
    const char* const model = std::getenv("LIBTHREAD_MODEL");
    return (model != nullptr && std::strcmp(model, "bound") == 0) || insight::model() == "bound";
}

bool lwps_are_settled()
{
#if defined(__SANITIZE_THREAD__)
    constexpr unsigned kOthers = 1;  // its run time's own
#else
    constexpr unsigned kOthers = 0;
#endif
    const insight::Lwps lwps = insight::lwps();
    return lwps.all + kOthers == static_cast<unsigned>(lwp_count()) &&
           lwps.spare == (is_one_to_one() ? 0 : 1);
}

bool is_blocked(thread_t id, const void* object)
{
    return insight::is_blocked(id, object);
}

Pool pool()
{
    return {!is_one_to_one(), insight::pool_lwps(), insight::growths()};
}

std::vector<std::string> environment_of(const Variant& variant)
{
    std::vector<std::string> settings;
    if (!variant.model.empty()) {
        settings.push_back("LIBTHREAD_MODEL=" + variant.model);
    }
    if (variant.concurrency > 0) {
        settings.push_back("LIBTHREAD_CONCURRENCY=" + std::to_string(variant.concurrency));
    }
    if (variant.migrate) {
        settings.emplace_back("LIBTHREAD_MIGRATE=always");
    }
    return settings;
}

std::vector<std::string> pool_of_one()
{
    return {"LIBTHREAD_CONCURRENCY=1", "LIBTHREAD_GROWTH=blocked"};
}

bool can_choose(const Variant& /*variant*/)
{
    return true;
}

#elif defined(__sun)

const char* own_executable()
{
    return "/proc/self/path/a.out";
}

int anonymous_file()
{
    std::FILE* const file = tmpfile();
    const int copy = file == nullptr ? -1 : fcntl(fileno(file), F_DUPFD, 3);
    if (file != nullptr) {
        fclose(file);
        fcntl(copy, F_SETFD, FD_CLOEXEC);
    }
    return copy;
}

void die_with_parent()
{
}

std::size_t address_space_in_use()
{
    psinfo_t info;
    const int file = open("/proc/self/psinfo", O_RDONLY);
    const bool whole = file >= 0 && read(file, &info, sizeof info) == sizeof info;
    if (file >= 0) {
        close(file);
    }
    return whole ? info.pr_size * std::size_t{1024} : 0;
}

int own_lwp()
{
    return static_cast<int>(_lwp_self());
}

bool is_lwp_asleep(int lwp)
{
    const std::string path = "/proc/self/lwp/" + std::to_string(lwp) + "/lwpsinfo";
    lwpsinfo_t info;
    const int file = open(path.c_str(), O_RDONLY);
    const bool whole = file >= 0 && read(file, &info, sizeof info) == sizeof info;
    if (file >= 0) {
        close(file);
    }
    return whole && info.pr_sname == 'S';
}

long read_in_kernel(int fd, void* buffer, std::size_t size)
{
    return read(fd, buffer, size);
}

int lwp_count()
{
    return count_entries("/proc/self/lwp");
}

bool is_one_to_one()
{
    return true;
}

bool lwps_are_settled()
{
    return true;
}

bool is_blocked(thread_t id, const void* /*object*/)
{
    return is_lwp_asleep(static_cast<int>(id));
}

Pool pool()
{
    return {};
}

std::vector<std::string> environment_of(const Variant& /*variant*/)
{
    return {};
}

std::vector<std::string> pool_of_one()
{
    return {};
}

bool can_choose(const Variant& variant)
{
    return variant.name() == "default";
}

#endif

}  // namespace platform
