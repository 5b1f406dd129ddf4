#include "e2e/td_client.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>

namespace {

std::uint64_t find_in_file(const std::string& path, const char* name)
{
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (fd < 0 || ::fstat(fd, &status) != 0) {
        return 0;
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    ::close(fd);
    if (mapped == MAP_FAILED) {
        return 0;
    }
    const char* const bytes = static_cast<const char*>(mapped);
    const auto* const header = reinterpret_cast<const Elf64_Ehdr*>(bytes);
    const auto* const sections = reinterpret_cast<const Elf64_Shdr*>(bytes + header->e_shoff);
    std::uint64_t found = 0;
    for (unsigned i = 0; i < header->e_shnum && found == 0; ++i) {
        if (sections[i].sh_type != SHT_DYNSYM) {
            continue;
        }
        const auto* const symbols =
            reinterpret_cast<const Elf64_Sym*>(bytes + sections[i].sh_offset);
        const char* const names = bytes + sections[sections[i].sh_link].sh_offset;
        for (std::size_t n = 0; n < sections[i].sh_size / sizeof *symbols; ++n) {
            if (symbols[n].st_shndx != SHN_UNDEF &&
                std::strcmp(names + symbols[n].st_name, name) == 0) {
                found = symbols[n].st_value;
            }
        }
    }
    ::munmap(mapped, size);
    return found;
}

int wait_for(pid_t task, int flags, int& status)
{
    pid_t got = 0;
    do {
        got = ::waitpid(task, &status, flags | __WALL);
    } while (got < 0 && errno == EINTR);
    return got;
}

}  // namespace

ps_prochandle::ps_prochandle(pid_t process) : pid_(process)
{
    for (bool more = true; more;) {
        more = false;
        for (const pid_t task : tasks_now()) {
            if (tasks_.count(task) == 0 &&
                ::ptrace(PTRACE_SEIZE, task, nullptr, PTRACE_O_TRACECLONE) == 0) {
                tasks_[task] = {};
                more = true;
            }
        }
    }
}

ps_prochandle::~ps_prochandle()
{
    stop();
    for (auto& [task, state] : tasks_) {
        ::ptrace(PTRACE_DETACH, task, nullptr, nullptr);
    }
}

std::vector<pid_t> ps_prochandle::tasks_now() const
{
    std::vector<pid_t> tasks;
    DIR* const folder = ::opendir(("/proc/" + std::to_string(pid_) + "/task").c_str());
    while (const dirent* entry = folder != nullptr ? ::readdir(folder) : nullptr) {
        if (entry->d_name[0] != '.') {
            tasks.push_back(std::stoi(entry->d_name));
        }
    }
    if (folder != nullptr) {
        ::closedir(folder);
    }
    return tasks;
}

void ps_prochandle::note(pid_t task, int status)
{
    if (!WIFSTOPPED(status)) {
        tasks_.erase(task);
        return;
    }
    Task& state = tasks_[task];  // a new one reports by itself
    state.stopped = true;
    const int event = status >> 16;
    if (event == 0 && WSTOPSIG(status) == SIGTRAP) {
        state.trapped = true;
    } else if (event == 0) {
        state.signal = WSTOPSIG(status);
    }
}

void ps_prochandle::resume(pid_t task, Task& state)
{
    if (state.stopped && !state.trapped && state.holds == 0) {
        state.stopped = false;
        ::ptrace(PTRACE_CONT, task, nullptr, state.signal);
        state.signal = 0;
    }
}

// True: a task was met that had not been known.
bool ps_prochandle::stop_known()
{
    const auto known = tasks_;
    for (const auto& [task, state] : known) {
        if (!state.stopped) {
            int status = 0;
            ::ptrace(PTRACE_INTERRUPT, task, nullptr, nullptr);
            if (wait_for(task, 0, status) == task) {
                note(task, status);
            } else {
                tasks_.erase(task);
            }
        }
    }
    bool more = false;
    for (const pid_t task : tasks_now()) {
        int status = 0;
        if (tasks_.count(task) == 0 && wait_for(task, 0, status) == task) {
            note(task, status);
            more = true;
        }
    }
    return more;
}

void ps_prochandle::stop()
{
    if (stops_++ == 0) {
        while (stop_known()) {}
    }
}

void ps_prochandle::go_on()
{
    if (--stops_ == 0) {
        for (auto& [task, state] : tasks_) {
            resume(task, state);
        }
    }
}

bool ps_prochandle::hold(pid_t task, int change)
{
    const auto found = tasks_.find(task);
    if (found == tasks_.end()) {
        return false;
    }
    found->second.holds += change;
    return true;
}

bool ps_prochandle::serve()
{
    int status = 0;
    for (pid_t task = 0; (task = wait_for(-1, WNOHANG, status)) > 0;) {
        note(task, status);
        if (tasks_.count(task) != 0) {
            resume(task, tasks_[task]);
        }
    }
    for (const auto& [task, state] : tasks_) {
        if (state.trapped) {
            return true;
        }
    }
    return false;
}

void ps_prochandle::pass_breakpoints()
{
    for (auto& [task, state] : tasks_) {
        state.trapped = false;
        resume(task, state);
    }
}

// The instruction there is a nop of one byte: it need not be run.
void ps_prochandle::set_breakpoint(std::uint64_t address)
{
    stop();
    const long word = ::ptrace(PTRACE_PEEKTEXT, pid_, address, nullptr);
    ::ptrace(PTRACE_POKETEXT, pid_, address, (word & ~0xffL) | 0xccL);
    go_on();
}

std::uint64_t ps_prochandle::symbol(const std::string& object, const char* name) const
{
    std::ifstream maps("/proc/" + std::to_string(pid_) + "/maps");
    for (std::string line; std::getline(maps, line);) {
        const std::size_t slash = line.find('/');
        const std::string path = slash == std::string::npos ? "" : line.substr(slash);
        const std::string file = path.substr(path.rfind('/') + 1);
        if (file.compare(0, object.size(), object) == 0) {
            const std::uint64_t offset = find_in_file(path, name);
            return offset == 0 ? 0 : std::stoull(line, nullptr, 16) + offset;
        }
    }
    return 0;
}

// --- What the library calls.

ps_err_e ps_pstop(ps_prochandle* ph)
{
    ph->stop();
    return PS_OK;
}

ps_err_e ps_pcontinue(ps_prochandle* ph)
{
    ph->go_on();
    return PS_OK;
}

ps_err_e ps_lstop(ps_prochandle* ph, lwpid_t lwp)
{
    return ph->hold(static_cast<pid_t>(lwp), 1) ? PS_OK : PS_BADLID;
}

ps_err_e ps_lcontinue(ps_prochandle* ph, lwpid_t lwp)
{
    return ph->hold(static_cast<pid_t>(lwp), -1) ? PS_OK : PS_BADLID;
}

ps_err_e ps_pglobal_lookup(ps_prochandle* ph, const char* object, const char* symbol,
                           psaddr_t* address)
{
    *address = object != nullptr ? ph->symbol(object, symbol) : 0;
    return *address != 0 ? PS_OK : PS_NOSYM;
}

ps_err_e ps_pdread(ps_prochandle* ph, psaddr_t address, void* into, size_t size)
{
    iovec local{into, size};
    iovec remote{reinterpret_cast<void*>(address), size};
    return ::process_vm_readv(ph->pid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size)
               ? PS_OK
               : PS_BADADDR;
}

ps_err_e ps_pdwrite(ps_prochandle* ph, psaddr_t address, const void* from, size_t size)
{
    iovec local{const_cast<void*>(from), size};
    iovec remote{reinterpret_cast<void*>(address), size};
    return ::process_vm_writev(ph->pid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size)
               ? PS_OK
               : PS_BADADDR;
}

ps_err_e ps_lgetregs(ps_prochandle*, lwpid_t lwp, prgregset_t registers)
{
    return ::ptrace(PTRACE_GETREGS, static_cast<pid_t>(lwp), nullptr, registers) == 0 ? PS_OK
                                                                                      : PS_BADLID;
}

ps_err_e ps_lsetregs(ps_prochandle*, lwpid_t lwp, const prgregset_t registers)
{
    return ::ptrace(PTRACE_SETREGS, static_cast<pid_t>(lwp), nullptr, registers) == 0 ? PS_OK
                                                                                      : PS_BADLID;
}

ps_err_e ps_lgetfpregs(ps_prochandle*, lwpid_t lwp, prfpregset_t* registers)
{
    return ::ptrace(PTRACE_GETFPREGS, static_cast<pid_t>(lwp), nullptr, registers) == 0 ? PS_OK
                                                                                        : PS_BADLID;
}

ps_err_e ps_lsetfpregs(ps_prochandle*, lwpid_t lwp, const prfpregset_t* registers)
{
    return ::ptrace(PTRACE_SETFPREGS, static_cast<pid_t>(lwp), nullptr, registers) == 0 ? PS_OK
                                                                                        : PS_BADLID;
}
