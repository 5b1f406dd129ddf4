// Linux' scheduling policies as Solaris' classes: TS (SCHED_OTHER and nice) and RT (SCHED_RR, or
// SCHED_FIFO for an infinite quantum).
#pragma once

#include <sys/procset.h>
#include <sys/rtpriocntl.h>
#include <sys/tspriocntl.h>

namespace lt {

inline constexpr id_t kTimeSharing = 1;
inline constexpr id_t kRealTime = 2;
inline constexpr pri_t kMaxUserPriority = 60;
inline constexpr pri_t kMaxRealTimePriority = 59;

// Either class's parameters, as Solaris programs see them.
struct ClassParameters {
    id_t class_id = kTimeSharing;
    pri_t priority = 0;
    pri_t limit = 0;                  // TS
    uint_t quantum_seconds = 0;       // RT
    int quantum_nanos = RT_NOCHANGE;  // RT, or RT_TQINF, RT_TQDEF

    friend constexpr bool operator==(const ClassParameters&, const ClassParameters&) = default;
};

inline bool is_class(id_t class_id)
{
    return class_id == kTimeSharing || class_id == kRealTime;
}

// Sets the parameters of all tasks that idtype and id name. 0 or an error number.
int set_class_parameters(idtype_t idtype, id_t id, const ClassParameters& wanted) noexcept;

// Those of the task, of several, that has the highest class and priority; in the class asked for,
// or 0 for any. 0 or an error number.
int get_class_parameters(idtype_t idtype, id_t id, id_t class_id, ClassParameters& best) noexcept;

// Gives all tasks of the process that nice value. 0 or an error number of setpriority(2).
int set_nice_of_process(int nice) noexcept;

}  // namespace lt
