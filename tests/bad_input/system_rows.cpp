// Processors, their sets, scheduling classes, signals, and Solaris' additions to POSIX' objects.
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/priocntl.h>
#include <sys/processor.h>
#include <sys/pset.h>
#include <sys/systeminfo.h>
#include <unistd.h>

#include <climits>
#include <cstring>

#include "bad_input/bad_input.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // System V's signal calls

namespace bad_input {
namespace {

// The error number of a call that says so by -1 and errno.
template <class Call>
int error_of(Call call)
{
    const int before = errno;
    const int result = static_cast<int>(call());
    const int error = errno;
    errno = before;
    return result == -1 ? error : result;
}

template <class Call>
void add_failing(Table& table, std::string name, int expected, Call call)
{
    table.add(std::move(name), expected, [call] { return error_of(call); });
}

constexpr processorid_t kNoProcessors[] = {-3, -1000, 100'000, INT_MAX, INT_MIN};
constexpr psetid_t kNoSets[] = {-4, -1000, 0, 65, 1000, INT_MAX, INT_MIN};
constexpr idtype_t kOtherIds[] = {P_PGID, P_CID, P_UID, P_GID, P_TASKID, P_PROJID, P_ZONEID};
constexpr id_t kNobody = 0x7ffffff0;

void add_processor_rows(Table& table)
{
    for (const processorid_t cpu : kNoProcessors) {
        const std::string number = std::to_string(cpu);
        add_failing(table, "processor_bind to " + number, EINVAL, [cpu] {
            processorid_t before = 77;
            const int result = processor_bind(P_LWPID, P_MYID, cpu, &before);
            return before == 77 ? result : kDamage;
        });
        add_failing(table, "p_online of " + number, EINVAL,
                    [cpu] { return p_online(cpu, P_STATUS); });
        add_failing(table, "processor_info of " + number, EINVAL, [cpu] {
            processor_info_t info;
            return processor_info(cpu, &info);
        });
    }
    for (const idtype_t type : kOtherIds) {
        add_failing(table, "processor_bind with idtype " + std::to_string(type), EINVAL,
                    [type] { return processor_bind(type, 0, PBIND_QUERY, nullptr); });
    }
    for (const idtype_t type : {P_LWPID, P_PID}) {
        add_failing(table, "processor_bind of nobody, idtype " + std::to_string(type), ESRCH,
                    [type] { return processor_bind(type, kNobody, PBIND_QUERY, nullptr); });
    }
    for (const int flag : {0, -1, 8, 100, 0x100, INT_MAX, INT_MIN}) {
        add_failing(table, "p_online with flag " + hex(flag), EINVAL,
                    [flag] { return p_online(0, flag); });
    }
    for (const int flag : {P_FAULTED, P_NOINTR, P_SPARE}) {
        add_failing(table, "p_online with flag " + hex(flag), ENOTSUP,
                    [flag] { return p_online(0, flag); });
    }
}

void add_set_rows(Table& table)
{
    for (const psetid_t set : kNoSets) {
        const std::string number = std::to_string(set);
        add_failing(table, "pset_destroy of " + number, EINVAL,
                    [set] { return pset_destroy(set); });
        add_failing(table, "pset_assign to " + number, EINVAL,
                    [set] { return pset_assign(set, 0, nullptr); });
        add_failing(table, "pset_bind to " + number, EINVAL,
                    [set] { return pset_bind(set, P_LWPID, P_MYID, nullptr); });
        add_failing(table, "pset_info of " + number, EINVAL, [set] {
            uint_t count = 0;
            return pset_info(set, nullptr, &count, nullptr);
        });
        add_failing(table, "pset_getloadavg of " + number, EINVAL, [set] {
            double load[1];
            return pset_getloadavg(set, load, 1);
        });
    }
    for (const processorid_t cpu : kNoProcessors) {
        add_failing(table, "pset_assign of processor " + std::to_string(cpu), EINVAL,
                    [cpu] { return pset_assign(PS_QUERY, cpu, nullptr); });
    }
    for (const idtype_t type : kOtherIds) {
        add_failing(table, "pset_bind with idtype " + std::to_string(type), EINVAL,
                    [type] { return pset_bind(PS_QUERY, type, 0, nullptr); });
    }
    for (const idtype_t type : {P_LWPID, P_PID}) {
        add_failing(table, "pset_bind of nobody, idtype " + std::to_string(type), ESRCH,
                    [type] { return pset_bind(PS_QUERY, type, kNobody, nullptr); });
    }
    add_failing(table, "pset_getloadavg of -1 figures", EINVAL, [] {
        double load[1];
        return pset_getloadavg(PS_NONE, load, -1);
    });
}

void add_class_rows(Table& table)
{
    for (const int command : {-1, 4, 6, 9, 100, INT_MAX, INT_MIN}) {
        add_failing(table, "priocntl command " + std::to_string(command), EINVAL, [command] {
            pcinfo_t info{};
            return priocntl(P_LWPID, P_MYID, command, &info);
        });
    }
    for (const idtype_t type : kOtherIds) {
        add_failing(table, "priocntl with idtype " + std::to_string(type), ENOTSUP, [type] {
            pcparms_t parameters{};
            parameters.pc_cid = static_cast<id_t>(PC_CLNULL);
            return priocntl(type, 0, PC_GETPARMS, &parameters);
        });
    }
    for (const char* name : {"", "XX", "ts", "FSS", "IA"}) {
        add_failing(table, std::string{"priocntl, class \""} + name + "\"", EINVAL, [name] {
            pcinfo_t info{};
            std::strcpy(info.pc_clname, name);
            return priocntl(P_LWPID, P_MYID, PC_GETCID, &info);
        });
        add_failing(table, std::string{"priocntl, parameters of class \""} + name + "\"", EINVAL,
                    [name] { return priocntl(P_LWPID, P_MYID, PC_SETXPARMS, name, PC_KY_NULL); });
    }
    for (const int number : {-2, 99, INT_MAX}) {
        const std::string id = std::to_string(number);
        for (const int command : {PC_GETCLINFO, PC_GETPRIRANGE, PC_SETPARMS, PC_GETPARMS}) {
            add_failing(table, "priocntl command " + std::to_string(command) + ", class " + id,
                        EINVAL, [number, command] {
                            // The class comes first in the argument of each of them.
                            pcinfo_t info{};
                            info.pc_cid = static_cast<id_t>(number);
                            return priocntl(P_LWPID, P_MYID, command, &info);
                        });
        }
    }
    for (const idtype_t type : {P_LWPID, P_PID}) {
        add_failing(table, "priocntl of nobody, idtype " + std::to_string(type), ESRCH, [type] {
            pcparms_t parameters{};
            parameters.pc_cid = static_cast<id_t>(PC_CLNULL);
            return priocntl(type, kNobody, PC_GETPARMS, &parameters);
        });
    }
    for (const int command : {0, -1, 10, 257, 300, 1000, INT_MAX, INT_MIN}) {
        add_failing(table, "sysinfo command " + std::to_string(command), EINVAL, [command] {
            char text[32] = "kept";
            const int result = sysinfo(command, text, sizeof text);
            return std::strcmp(text, "kept") == 0 ? result : kDamage;
        });
    }
}

constexpr timespec kNoTimes[] = {{0, -1}, {0, 1'000'000'000}, {1, LONG_MAX}, {1, LONG_MIN}};

void add_signal_rows(Table& table)
{
    for (const int number : {-1, 0, 65, 1000, INT_MAX, INT_MIN}) {
        const std::string name = " of signal " + std::to_string(number);
        add_failing(table, "sighold" + name, EINVAL, [number] { return sighold(number); });
        add_failing(table, "sigrelse" + name, EINVAL, [number] { return sigrelse(number); });
        add_failing(table, "sigignore" + name, EINVAL, [number] { return sigignore(number); });
        add_failing(table, "sigpause" + name, EINVAL, [number] { return sigpause(number); });
        add_failing(table, "siginterrupt" + name, EINVAL,
                    [number] { return siginterrupt(number, 1); });
        add_failing(table, "sigset" + name, EINVAL,
                    [number] { return sigset(number, SIG_IGN) == SIG_ERR ? -1 : 0; });
        add_failing(table, "signal" + name, EINVAL,
                    [number] { return signal(number, SIG_IGN) == SIG_ERR ? -1 : 0; });
    }
    for (const timespec& time : kNoTimes) {
        add_failing(table, "sigtimedwait for " + std::to_string(time.tv_nsec) + " ns", EINVAL,
                    [&time] {
                        sigset_t set;
                        sigemptyset(&set);
                        sigaddset(&set, SIGUSR1);
                        return sigtimedwait(&set, nullptr, &time);
                    });
    }
}

// On objects that another thread holds: the time has to be looked at.
void add_posix_rows(Table& table)
{
    for (const timespec& time : kNoTimes) {
        const std::string name = " for " + std::to_string(time.tv_nsec) + " ns";
        table.add("pthread_mutex_reltimedlock_np" + name, EINVAL, [&time] {
            pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
            const Other other{[&] { pthread_mutex_lock(&mutex); },
                              [&] { pthread_mutex_unlock(&mutex); }, THR_BOUND};
            return pthread_mutex_reltimedlock_np(&mutex, &time);
        });
        table.add("pthread_rwlock_reltimedrdlock_np" + name, EINVAL, [&time] {
            pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
            const Other other{[&] { pthread_rwlock_wrlock(&lock); },
                              [&] { pthread_rwlock_unlock(&lock); }, THR_BOUND};
            return pthread_rwlock_reltimedrdlock_np(&lock, &time);
        });
        table.add("pthread_rwlock_reltimedwrlock_np" + name, EINVAL, [&time] {
            pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
            const Other other{[&] { pthread_rwlock_wrlock(&lock); },
                              [&] { pthread_rwlock_unlock(&lock); }, THR_BOUND};
            return pthread_rwlock_reltimedwrlock_np(&lock, &time);
        });
        add_failing(table, "sem_reltimedwait_np" + name, EINVAL, [&time] {
            sem_t semaphore;
            sem_init(&semaphore, 0, 0);
            return sem_reltimedwait_np(&semaphore, &time);
        });
    }
    for (const int value : {-1, 2, 100, INT_MAX}) {
        table.add("pthread_mutexattr_setrobust_np to " + std::to_string(value), EINVAL, [value] {
            pthread_mutexattr_t attributes;
            pthread_mutexattr_init(&attributes);
            return pthread_mutexattr_setrobust_np(&attributes, value);
        });
    }
    table.add("pthread_mutex_consistent_np, not robust", EINVAL, [] {
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        return pthread_mutex_consistent_np(&mutex);
    });
}

}  // namespace

void add_system_rows(Table& table)
{
    add_processor_rows(table);
    add_set_rows(table);
    add_class_rows(table);
    add_signal_rows(table);
    add_posix_rows(table);
}

}  // namespace bad_input
