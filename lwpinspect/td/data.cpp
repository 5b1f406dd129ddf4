// A thread's own data: values of keys, and TLS blocks.
#include <climits>

#include "td/agent.h"

using namespace lwpi;
using namespace lwpi::td;

namespace {

// glibc's keys and values. It publishes the offset of the values for its own libthread_db: three
// words, of which the last is the offset.
constexpr const char* kGlibc = "libc.so.6";
constexpr std::uint64_t kKeysPerBlock = 32;

struct Key {
    std::uint64_t sequence;  // odd: in use
    std::uint64_t destructor;
};
struct Value {
    std::uint64_t sequence;  // of the key, when it was set
    std::uint64_t data;
};
struct DtvEntry {
    std::uint64_t value;
    std::uint64_t to_free;
};

Address symbol(Call& call, const char* name)
{
    psaddr_t address = 0;
    if (::ps_pglobal_lookup(call.agent().process, kGlibc, name, &address) != PS_OK) {
        throw Failure{TD_NOCAPAB};
    }
    return address;
}

template <typename T>
T read(Call& call, Address address)
{
    const auto value = call.memory().read_value<T>(address);
    if (!value) {
        throw Failure{TD_DBERR};
    }
    return *value;
}

Key key_of(Call& call, std::uint64_t key)
{
    return read<Key>(call, symbol(call, "__pthread_keys") + key * sizeof(Key));
}

std::uint64_t glibc_value(Call& call, const ThreadRecord& thread, std::uint64_t key)
{
    const Key made = key_of(call, key);
    if (made.sequence % 2 == 0) {
        throw Failure{TD_BADKEY};
    }
    const auto offset = read<std::uint32_t>(call, symbol(call, "_thread_db_pthread_specific") + 8);
    const auto block =
        read<std::uint64_t>(call, thread.tcb + offset + key / kKeysPerBlock * sizeof(Address));
    if (block == 0) {
        return 0;
    }
    const auto value = read<Value>(call, block + key % kKeysPerBlock * sizeof(Value));
    return value.sequence == made.sequence ? value.data : 0;
}

std::uint64_t own_value(Call& call, const ThreadRecord& thread, std::uint64_t key)
{
    const Address block = call.get(thread.address, LWPT_SLOT_thread_own_values);
    const std::uint64_t index = key - call.constant("own_key_first");
    return block == 0 ? 0
                      : read<std::uint64_t>(call, block + call.constant("own_values_offset") +
                                                      index * sizeof(Address));
}

}  // namespace

td_err_e td_thr_tsd(const td_thrhandle_t* th, thread_key_t key, void** value)
{
    if (value == nullptr) {
        return TD_ERR;
    }
    return with_thread(th, [&](Call& call, const ThreadRecord& thread) {
        constexpr std::uint64_t kOwnKeys = 1024;
        const std::uint64_t own = call.constant("own_key_first");
        if (key == 0 || key >= own + kOwnKeys) {
            return TD_BADKEY;
        }
        const std::uint64_t data =
            key < own ? glibc_value(call, thread, key) : own_value(call, thread, key);
        *value = reinterpret_cast<void*>(data);
        return data != 0 ? TD_OK : TD_NOTSD;
    });
}

td_err_e td_ta_tsd_iter(const td_thragent_t* ta, td_key_iter_f* visit, void* argument)
{
    if (visit == nullptr) {
        return TD_ERR;
    }
    return with_call(ta, TD_BADTA, [&](Call& call) {
        for (thread_key_t key = 1; key < PTHREAD_KEYS_MAX; ++key) {
            const Key made = key_of(call, key);
            // NOLINTNEXTLINE: an address over there, which the interface calls a function
            auto* const destructor = reinterpret_cast<void (*)(void*)>(made.destructor);
            if (made.sequence % 2 != 0 && visit(key, destructor, argument) != 0) {
                break;
            }
        }
        return TD_OK;
    });
}

td_err_e td_thr_tlsbase(const td_thrhandle_t* th, ulong_t module, psaddr_t* base)
{
    if (base == nullptr) {
        return TD_ERR;
    }
    return with_thread(th, [&](Call& call, const ThreadRecord& thread) {
        constexpr Address kDtvInTcb = 8;
        if (thread.tcb == 0 || module == 0) {
            return TD_NOTLS;
        }
        const auto table = read<std::uint64_t>(call, thread.tcb + kDtvInTcb);
        // The entry before the table's first holds how many there are.
        if (module > read<DtvEntry>(call, table - sizeof(DtvEntry)).value) {
            return TD_TLSDEFER;
        }
        const auto entry = read<DtvEntry>(call, table + module * sizeof(DtvEntry));
        if (entry.value == ~0ULL) {
            return TD_TLSDEFER;  // not allocated: the thread has not used it
        }
        *base = entry.value;
        return TD_OK;
    });
}
