// priocntl(2): Linux' scheduling policies as the classes TS and RT.
#include <sys/priocntl.h>

#include <cstdarg>
#include <cstring>

#include "api/failed.h"
#include "base/compiler.h"
#include "os/syscall.h"
#include "sched/thread.h"
#include "thread/scheduling_class.h"

namespace lt {
namespace {

constexpr int kClasses = 2;

id_t class_of_name(const char* name)
{
    if (::strnlen(name, PC_CLNMSZ) == 2) {
        if (std::memcmp(name, "TS", 2) == 0) {
            return kTimeSharing;
        }
        if (std::memcmp(name, "RT", 2) == 0) {
            return kRealTime;
        }
    }
    return 0;
}

const char* name_of_class(id_t class_id)
{
    return class_id == kTimeSharing ? "TS" : "RT";
}

int describe_class(pcinfo_t& info, int command)
{
    const id_t class_id = command == PC_GETCID ? class_of_name(info.pc_clname) : info.pc_cid;
    if (!is_class(class_id)) {
        return EINVAL;
    }
    info.pc_cid = class_id;
    std::memset(info.pc_clname, 0, sizeof(info.pc_clname));
    std::strcpy(info.pc_clname, name_of_class(class_id));
    std::memset(info.pc_clinfo, 0, sizeof(info.pc_clinfo));
    const pri_t most = class_id == kTimeSharing ? kMaxUserPriority : kMaxRealTimePriority;
    std::memcpy(info.pc_clinfo, &most, sizeof(most));  // tsinfo_t, rtinfo_t
    return 0;
}

ClassParameters from_pcparms(const pcparms_t& given)
{
    ClassParameters parameters;
    parameters.class_id = given.pc_cid;
    if (given.pc_cid == kTimeSharing) {
        tsparms_t parms;
        std::memcpy(&parms, given.pc_clparms, sizeof(parms));
        parameters.priority = parms.ts_upri;
        parameters.limit = parms.ts_uprilim;
    } else {
        rtparms_t parms;
        std::memcpy(&parms, given.pc_clparms, sizeof(parms));
        parameters.priority = parms.rt_pri;
        parameters.quantum_seconds = parms.rt_tqsecs;
        parameters.quantum_nanos = parms.rt_tqnsecs;
    }
    return parameters;
}

void to_pcparms(const ClassParameters& parameters, pcparms_t& result)
{
    result.pc_cid = parameters.class_id;
    std::memset(result.pc_clparms, 0, sizeof(result.pc_clparms));
    if (parameters.class_id == kTimeSharing) {
        const tsparms_t parms{parameters.limit, parameters.priority};
        std::memcpy(result.pc_clparms, &parms, sizeof(parms));
    } else {
        const rtparms_t parms{parameters.priority, parameters.quantum_seconds,
                              parameters.quantum_nanos};
        std::memcpy(result.pc_clparms, &parms, sizeof(parms));
    }
}

long found_id(idtype_t idtype, id_t id)
{
    if (id != P_MYID) {
        return static_cast<long>(id);
    }
    return idtype == P_PID ? os::process_id() : static_cast<long>(current().number());
}

long get_parameters(idtype_t idtype, id_t id, pcparms_t* argument)
{
    if (argument == nullptr) {
        return failed_if(EFAULT);
    }
    const bool any = argument->pc_cid == static_cast<id_t>(PC_CLNULL);
    if (!any && !is_class(argument->pc_cid)) {
        return failed_if(EINVAL);
    }
    ClassParameters best;
    if (const int error = get_class_parameters(idtype, id, any ? 0 : argument->pc_cid, best);
        error != 0) {
        return failed_if(error);
    }
    to_pcparms(best, *argument);
    return found_id(idtype, id);
}

// Key and value pairs up to PC_KY_NULL. False: an undefined key.
bool read_keys(ClassParameters& wanted, va_list& pairs)
{
    for (int key = va_arg(pairs, int); key != PC_KY_NULL; key = va_arg(pairs, int)) {
        if (wanted.class_id == kTimeSharing && key == TS_KY_UPRILIM) {
            wanted.limit = static_cast<pri_t>(va_arg(pairs, int));
        } else if (wanted.class_id == kTimeSharing && key == TS_KY_UPRI) {
            wanted.priority = static_cast<pri_t>(va_arg(pairs, int));
        } else if (wanted.class_id == kRealTime && key == RT_KY_PRI) {
            wanted.priority = static_cast<pri_t>(va_arg(pairs, int));
        } else if (wanted.class_id == kRealTime && key == RT_KY_TQSECS) {
            wanted.quantum_seconds = va_arg(pairs, uint_t);
        } else if (wanted.class_id == kRealTime && key == RT_KY_TQNSECS) {
            wanted.quantum_nanos = va_arg(pairs, int);
        } else {
            return false;
        }
    }
    return true;
}

bool write_keys(const ClassParameters& found, bool named, va_list& pairs)
{
    for (int key = va_arg(pairs, int); key != PC_KY_NULL; key = va_arg(pairs, int)) {
        void* const place = va_arg(pairs, void*);
        if (key == PC_KY_CLNAME && !named) {
            std::strcpy(static_cast<char*>(place), name_of_class(found.class_id));
        } else if (named && found.class_id == kTimeSharing && key == TS_KY_UPRILIM) {
            *static_cast<pri_t*>(place) = found.limit;
        } else if (named &&
                   (found.class_id == kTimeSharing ? key == TS_KY_UPRI : key == RT_KY_PRI)) {
            *static_cast<pri_t*>(place) = found.priority;
        } else if (named && found.class_id == kRealTime && key == RT_KY_TQSECS) {
            *static_cast<uint_t*>(place) = found.quantum_seconds;
        } else if (named && found.class_id == kRealTime && key == RT_KY_TQNSECS) {
            *static_cast<int*>(place) = found.quantum_nanos;
        } else {
            return false;
        }
    }
    return true;
}

long use_keys(idtype_t idtype, id_t id, int command, const char* name, va_list& pairs)
{
    ClassParameters parameters;
    parameters.class_id = name != nullptr ? class_of_name(name) : id_t{0};
    if (parameters.class_id == 0 && (name != nullptr || command == PC_SETXPARMS)) {
        return failed_if(EINVAL);
    }
    if (command == PC_SETXPARMS) {
        const bool time_sharing = parameters.class_id == kTimeSharing;
        parameters.priority = static_cast<pri_t>(time_sharing ? TS_NOCHANGE : RT_NOCHANGE);
        parameters.limit = TS_NOCHANGE;
        return failed_if(read_keys(parameters, pairs) ? set_class_parameters(idtype, id, parameters)
                                                      : EINVAL);
    }
    if (const int error = get_class_parameters(idtype, id, parameters.class_id, parameters);
        error != 0) {
        return failed_if(error);
    }
    return write_keys(parameters, name != nullptr, pairs) ? found_id(idtype, id)
                                                          : failed_if(EINVAL);
}

long get_range(pcpri_t* argument)
{
    if (argument == nullptr) {
        return failed_if(EFAULT);
    }
    if (!is_class(argument->pc_cid)) {
        return failed_if(EINVAL);
    }
    const bool time_sharing = argument->pc_cid == kTimeSharing;
    argument->pc_clpmax = time_sharing ? kMaxUserPriority : kMaxRealTimePriority;
    argument->pc_clpmin = static_cast<pri_t>(time_sharing ? -kMaxUserPriority : 0);
    return 0;
}

}  // namespace
}  // namespace lt

LT_EXPORT long priocntl(idtype_t idtype, id_t id, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void* const argument = va_arg(arguments, void*);
    long result = -1;
    switch (command) {
        case PC_GETCID:
        case PC_GETCLINFO: {
            const int error = argument != nullptr
                                  ? lt::describe_class(*static_cast<pcinfo_t*>(argument), command)
                                  : 0;
            result = error == 0 ? lt::kClasses : lt::failed_if(error);
            break;
        }
        case PC_SETPARMS: {
            const auto* parms = static_cast<const pcparms_t*>(argument);
            if (parms == nullptr) {
                result = lt::failed_if(EFAULT);
            } else {
                result = lt::failed_if(
                    lt::is_class(parms->pc_cid)
                        ? lt::set_class_parameters(idtype, id, lt::from_pcparms(*parms))
                        : EINVAL);
            }
            break;
        }
        case PC_GETPARMS:
            result = lt::get_parameters(idtype, id, static_cast<pcparms_t*>(argument));
            break;
        case PC_GETPRIRANGE:
            result = lt::get_range(static_cast<pcpri_t*>(argument));
            break;
        case PC_SETXPARMS:
        case PC_GETXPARMS:
            result =
                lt::use_keys(idtype, id, command, static_cast<const char*>(argument), arguments);
            break;
        default:
            result = lt::failed_if(EINVAL);
            break;
    }
    va_end(arguments);
    return result;
}
