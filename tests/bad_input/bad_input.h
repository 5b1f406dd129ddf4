// The table of wrong calls: each row calls one public function with a bad argument or in a wrong
// state, and names the error that the manual page promises.
#pragma once

#include <thread.h>

#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

namespace bad_input {

// What a call returns when the error was right and something else was not: an object or a result
// that should have been left alone was changed.
constexpr int kDamage = -1000;

// As an expected result: SIGSEGV in the caller, or EFAULT; the call is made in a child process.
constexpr int kFault = -1001;

constexpr long kBillion = 1'000'000'000;

struct Row {
    std::string name;  // "mutex_init type 0x8000"
    std::vector<int> expected;
    std::function<int()> call;
};

class Table {
  public:
    void add(std::string name, int expected, std::function<int()> call)
    {
        rows_.push_back({std::move(name), {expected}, std::move(call)});
    }
    void add_either(std::string name, std::initializer_list<int> expected,
                    std::function<int()> call)
    {
        rows_.push_back({std::move(name), expected, std::move(call)});
    }

    [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }

  private:
    std::vector<Row> rows_;
};

void add_init_rows(Table& table);
void add_lock_rows(Table& table);
void add_wait_rows(Table& table);
void add_create_rows(Table& table);
void add_fork_rows(Table& table);
void add_id_rows(Table& table);
void add_key_and_signal_rows(Table& table);
void add_lwp_rows(Table& table);
void add_pointer_rows(Table& table);
void add_robust_rows(Table& table);
void add_system_rows(Table& table);

// A thread that has done `enter` and does `leave` when this object goes.
class Other {
  public:
    Other(std::function<void()> enter, std::function<void()> leave, long flags = 0);
    ~Other();
    Other(const Other&) = delete;
    Other& operator=(const Other&) = delete;

    [[nodiscard]] thread_t id() const { return id_; }

  private:
    static void* run(void* argument);

    std::function<void()> enter_;
    std::function<void()> leave_;
    long flags_;
    sema_t entered_ = DEFAULTSEMA;
    sema_t go_ = DEFAULTSEMA;
    sema_t gone_ = DEFAULTSEMA;
    thread_t id_ = 0;
};

// A mutex's type with a name for it.
struct MutexKind {
    const char* name;
    int type;

    [[nodiscard]] bool checks_errors() const { return (type & LOCK_ERRORCHECK) != 0; }
    [[nodiscard]] bool is_recursive() const { return (type & LOCK_RECURSIVE) != 0; }
};

// Normal, error-checking, recursive and both; each private and shared.
[[nodiscard]] const std::vector<MutexKind>& mutex_kinds();

[[nodiscard]] inline const char* scope_name(int scope)
{
    return scope == USYNC_PROCESS ? " shared" : " private";
}

[[nodiscard]] std::string hex(long number);

}  // namespace bad_input
