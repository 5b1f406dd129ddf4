// mutex_init, cond_init, sema_init, rwlock_init.
#include <climits>
#include <cstring>

#include "bad_input/bad_input.h"

namespace bad_input {
namespace {

constexpr unsigned char kFill = 0xAA;

// An object with room for misalignment, surrounded by a pattern.
template <class Object>
class Place {
  public:
    Place() { std::memset(bytes_, kFill, sizeof(bytes_)); }

    [[nodiscard]] Object* at(std::size_t shift)
    {
        return reinterpret_cast<Object*>(bytes_ + kMargin + shift);
    }
    [[nodiscard]] bool is_untouched() const { return is_filled(0, sizeof(bytes_)); }
    [[nodiscard]] bool is_untouched_around(std::size_t shift) const
    {
        const std::size_t end = kMargin + shift + sizeof(Object);
        return is_filled(0, kMargin + shift) && is_filled(end, sizeof(bytes_));
    }

  private:
    [[nodiscard]] bool is_filled(std::size_t begin, std::size_t end) const
    {
        bool filled = true;
        for (std::size_t i = begin; i < end; ++i) {
            filled = filled && bytes_[i] == kFill;
        }
        return filled;
    }

    static constexpr std::size_t kMargin = 16;
    alignas(16) unsigned char bytes_[sizeof(Object) + 2 * kMargin];
};

template <class Object>
using Init = std::function<int(Object*, int)>;

// A type that is refused; the object is left as it was.
template <class Object>
void add_type(Table& table, const char* function, int type, Init<Object> init)
{
    table.add(std::string{function} + " type " + hex(type), EINVAL, [type, init] {
        Place<Object> place;
        const int error = init(place.at(0), type);
        return place.is_untouched() ? error : kDamage;
    });
}

// Bytes at odd addresses: refused, and nothing around the object is written.
template <class Object>
void add_misaligned(Table& table, const char* function, int type, Init<Object> init)
{
    for (std::size_t shift = 1; shift < alignof(Object); ++shift) {
        const std::string name = std::string{function} + " type " + hex(type) + " misaligned by " +
                                 std::to_string(shift);
        table.add(name, EINVAL, [type, shift, init] {
            Place<Object> place;
            const int error = init(place.at(shift), type);
            return place.is_untouched_around(shift) ? error : kDamage;
        });
    }
}

// Each bit beside the two scopes, alone and with USYNC_PROCESS.
template <class Object>
void add_scoped(Table& table, const char* function, Init<Object> init)
{
    for (int bit = 1; bit < 32; ++bit) {
        const int type = static_cast<int>(1U << static_cast<unsigned>(bit));
        add_type(table, function, type, init);
        add_type(table, function, type | USYNC_PROCESS, init);
    }
    add_type(table, function, -1, init);
    for (const int scope : {USYNC_THREAD, USYNC_PROCESS}) {
        add_misaligned(table, function, scope, init);
    }
}

void add_mutex_rows(Table& table)
{
    const Init<mutex_t> init = [](mutex_t* mp, int type) { return mutex_init(mp, type, nullptr); };
    constexpr int kFirstUndefined = 7;
    for (const MutexKind& kind : mutex_kinds()) {
        for (int bit = kFirstUndefined; bit < 32; ++bit) {
            const int undefined = static_cast<int>(1U << static_cast<unsigned>(bit));
            add_type(table, "mutex_init", kind.type | undefined, init);
        }
        add_type(table, "mutex_init", kind.type | LOCK_PRIO_INHERIT | LOCK_PRIO_PROTECT, init);
        add_misaligned(table, "mutex_init", kind.type, init);
    }
    add_type(table, "mutex_init", -1, init);
    for (const int ceiling : {0, -1, 100, 1000, INT_MAX, INT_MIN}) {
        for (const int scope : {USYNC_THREAD, USYNC_PROCESS}) {
            const Init<mutex_t> protect = [ceiling](mutex_t* mp, int type) {
                int argument = ceiling;
                return mutex_init(mp, type, &argument);
            };
            const std::string name = "mutex_init with ceiling " + std::to_string(ceiling);
            add_type(table, name.c_str(), scope | LOCK_PRIO_PROTECT, protect);
        }
    }
}

void add_sema_rows(Table& table)
{
    const Init<sema_t> init = [](sema_t* sp, int type) { return sema_init(sp, 1, type, nullptr); };
    add_scoped(table, "sema_init", init);
    for (const unsigned count : {0x80000000U, 0x80000001U, 0xc0000000U, 0xfffffffeU, 0xffffffffU}) {
        for (const int scope : {USYNC_THREAD, USYNC_PROCESS}) {
            const Init<sema_t> huge = [count](sema_t* sp, int type) {
                return sema_init(sp, count, type, nullptr);
            };
            const std::string name = "sema_init count " + std::to_string(count);
            add_type(table, name.c_str(), scope, huge);
        }
    }
}

}  // namespace

void add_init_rows(Table& table)
{
    add_mutex_rows(table);
    add_scoped<cond_t>(table, "cond_init",
                       [](cond_t* cvp, int type) { return cond_init(cvp, type, nullptr); });
    add_sema_rows(table);
    add_scoped<rwlock_t>(table, "rwlock_init",
                         [](rwlock_t* rwlp, int type) { return rwlock_init(rwlp, type, nullptr); });
}

}  // namespace bad_input
