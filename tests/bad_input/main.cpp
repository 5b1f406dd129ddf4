// bad_input [--list] [TEXT]: every row of the table, or those whose name contains TEXT, several
// times over. Each must give its error; then a thread can be made and joined, and locks work. In
// the end no thread, LWP or mapping may be left.
#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bad_input/bad_input.h"

namespace bad_input {

namespace {

constexpr int kRounds = 4;
constexpr std::size_t kLeastRows = 1500;
constexpr unsigned kRowSeconds = 30;

// A sanitizer's own memory grows with the threads that there were.
constexpr bool kSanitized = SANITIZED != 0;

const char* current_row = "";

void report_hang(int /*sig*/)
{
    constexpr char kText[] = "hangs: ";
    (void)!write(STDOUT_FILENO, kText, sizeof(kText) - 1);
    (void)!write(STDOUT_FILENO, current_row, std::strlen(current_row));
    (void)!write(STDOUT_FILENO, "\n", 1);
    _exit(1);
}

// The call in a child; kFault if it was killed by SIGSEGV or got EFAULT.
int call_in_child(const Row& row)
{
    const pid_t child = fork();
    if (child == 0) {
        std::signal(SIGSEGV, SIG_DFL);
        alarm(kRowSeconds);
        _exit(row.call() == EFAULT ? 0 : 1);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return kDamage;
    }
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
    const bool refused = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return killed || refused ? kFault : kDamage;
}

void* post(void* sema)
{
    return sema_post(static_cast<sema_t*>(sema)) == 0 ? sema : nullptr;
}

// Whether the process still works: a thread runs and is joined, and each kind of lock is usable.
bool is_healthy()
{
    static mutex_t mutex = DEFAULTMUTEX;
    static rwlock_t lock = DEFAULTRWLOCK;
    static sema_t sema = DEFAULTSEMA;
    thread_t id = 0;
    void* status = nullptr;
    return thr_create(nullptr, 0, post, &sema, 0, &id) == 0 && sema_wait(&sema) == 0 &&
           thr_join(id, nullptr, &status) == 0 && status == &sema && mutex_lock(&mutex) == 0 &&
           mutex_unlock(&mutex) == 0 && rw_wrlock(&lock) == 0 && rw_unlock(&lock) == 0;
}

bool passes(const Row& row)
{
    current_row = row.name.c_str();
    alarm(kRowSeconds);
    constexpr int kErrno = 12345;
    errno = kErrno;
    const bool in_child = row.expected.front() == kFault;
    const int result = in_child ? call_in_child(row) : row.call();
    const bool right =
        std::find(row.expected.begin(), row.expected.end(), result) != row.expected.end();
    if (!right) {
        std::printf("FAILED %s: %d instead of %d\n", current_row, result, row.expected.front());
    }
    const bool kept_errno = in_child || errno == kErrno;
    if (!kept_errno) {
        std::printf("FAILED %s: errno became %d\n", current_row, errno);
    }
    const bool healthy = is_healthy();
    if (!healthy) {
        std::printf("FAILED %s: the process does not work any more\n", current_row);
    }
    alarm(0);
    return right && kept_errno && healthy;
}

struct Use {
    int lwps = 0;
    int mappings = 0;
};

Use current_use()
{
    Use use;
    DIR* const tasks = opendir("/proc/self/task");
    while (tasks != nullptr && readdir(tasks) != nullptr) {
        ++use.lwps;
    }
    closedir(tasks);
    FILE* const maps = std::fopen("/proc/self/maps", "re");
    for (int c = 0; maps != nullptr && (c = std::fgetc(maps)) != EOF;) {
        use.mappings += c == '\n' ? 1 : 0;
    }
    std::fclose(maps);
    return use;
}

// Bound threads that were joined may take a moment to leave the kernel; libc keeps the stacks of as
// many as there were at once, and arenas for them.
bool has_leaked(const Use& before)
{
    Use now;
    for (int i = 0; i < 1000; ++i) {
        now = current_use();
        if (now.lwps < before.lwps + kRounds - 1 &&
            (kSanitized || now.mappings < before.mappings + 3 * kRounds)) {
            return false;
        }
        usleep(10'000);
    }
    std::printf("FAILED: %d LWPs became %d, %d mappings became %d\n", before.lwps, now.lwps,
                before.mappings, now.mappings);
    return true;
}

int run(const std::vector<Row>& rows)
{
    int failed = 0;
    Use before;
    for (int round = 0; round < kRounds; ++round) {
        for (const Row& row : rows) {
            failed += passes(row) ? 0 : 1;
        }
        if (round == 0) {
            before = current_use();  // stacks and records are kept for later threads
        }
    }
    if (has_leaked(before)) {
        ++failed;
    }
    if (thr_join(0, nullptr, nullptr) == 0) {
        std::puts("FAILED: a thread was left");
        ++failed;
    }
    std::printf("%zu cases, each %d times, %d failed\n", rows.size(), kRounds, failed);
    return failed;
}

}  // namespace
}  // namespace bad_input

int main(int argc, char** argv)
{
    using namespace bad_input;
    setvbuf(stdout, nullptr, _IOLBF, 0);
    Table table;
    add_init_rows(table);
    add_lock_rows(table);
    add_wait_rows(table);
    add_create_rows(table);
    add_fork_rows(table);
    add_id_rows(table);
    add_key_and_signal_rows(table);
    add_lwp_rows(table);
    add_robust_rows(table);
    add_system_rows(table);
    if (!kSanitized) {
        add_pointer_rows(table);  // a sanitizer ends the process in its own way
    }
    const bool list = argc > 1 && std::strcmp(argv[1], "--list") == 0;
    const char* const text = argc > 1 && !list ? argv[1] : "";
    std::vector<Row> rows;
    for (const Row& row : table.rows()) {
        if (row.name.find(text) != std::string::npos) {
            rows.push_back(row);
        }
    }
    if (list) {
        for (const Row& row : rows) {
            std::puts(row.name.c_str());
        }
        return 0;
    }
    if (*text == '\0' && rows.size() < kLeastRows) {
        std::puts("FAILED: the table has become too short");
        return 1;
    }
    std::signal(SIGALRM, report_hang);
    return run(rows) == 0 && !rows.empty() ? 0 : 1;
}
