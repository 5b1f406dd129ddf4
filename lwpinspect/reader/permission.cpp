#include "reader/permission.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "support/escape.h"
#include "support/text.h"

namespace lwpi {
namespace {

std::uint64_t effective_capabilities()
{
    const FileText file = read_file_at(AT_FDCWD, "/proc/self/status", 64 * 1024);
    const std::size_t at = file.text.find("CapEff:");
    if (at == std::string::npos) {
        return 0;
    }
    const auto words = split_blanks(std::string_view(file.text).substr(at + 7, 32));
    return words.empty() ? 0 : parse_unsigned(words[0], 16).value_or(0);
}

std::optional<int> yama_scope()
{
    const FileText file = read_file_at(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", 16);
    const auto words = split_blanks(file.text);
    const auto value = words.empty() ? std::nullopt : parse_unsigned(words[0]);
    return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

}  // namespace

std::string user_name(std::uint32_t uid)
{
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
        return fmt::format("{} ({})", printable(found->pw_name), uid);
    }
    return fmt::format("{}", uid);
}

Note explain(const PermissionFacts& facts)
{
    constexpr auto kRest = "Showing names and states only.";
    const auto refuse = [](std::string text) {
        return Note{ExitCode::kPermission, std::move(text)};
    };
    if (facts.our_uid == 0 && !facts.can_ptrace) {
        return refuse(
            fmt::format("this container lacks CAP_SYS_PTRACE (CapEff {:016x}): start it with "
                        "--cap-add=SYS_PTRACE, or run lwpinspect on the host. {}",
                        facts.capabilities, kRest));
    }
    if (facts.our_uid != facts.target_uid) {
        return refuse(fmt::format(
            "cannot read {}: it belongs to {}, you are {}. Run as that user or with CAP_SYS_PTRACE "
            "(sudo). {}",
            facts.pid, user_name(facts.target_uid), user_name(facts.our_uid), kRest));
    }
    if (facts.files_are_roots && facts.target_uid != 0) {
        return refuse(
            fmt::format("{} is not dumpable (set-uid, file capabilities or PR_SET_DUMPABLE "
                        "0): needs CAP_SYS_PTRACE. {}",
                        facts.pid, kRest));
    }
    switch (facts.yama.value_or(0)) {
        case 0:
            break;
        case 1:
            return refuse(
                fmt::format("kernel.yama.ptrace_scope is 1: only a parent may read {}. Use "
                            "sudo. {}",
                            facts.pid, kRest));
        case 2:
            return refuse(
                fmt::format("kernel.yama.ptrace_scope is 2: needs CAP_SYS_PTRACE. {}", kRest));
        default:
            return refuse(fmt::format(
                "kernel.yama.ptrace_scope is 3: nobody may attach until reboot. {}", kRest));
    }
    return refuse(
        fmt::format("the kernel does not allow reading {} (another user namespace, or a "
                    "security module). {}",
                    facts.pid, kRest));
}

Note explain_refusal(const Process& process)
{
    PermissionFacts facts;
    facts.pid = process.pid();
    facts.target_uid = process.status().uid;
    facts.our_uid = ::geteuid();
    facts.capabilities = effective_capabilities();
    facts.can_ptrace = (facts.capabilities >> CAP_SYS_PTRACE & 1U) != 0;
    facts.yama = yama_scope();
    struct stat file {};
    facts.files_are_roots =
        // The folder itself is always the user's; of what is in it the kernel makes root the owner.
        ::stat(fmt::format("/proc/{}/stat", facts.pid).c_str(), &file) == 0 && file.st_uid == 0;
    return explain(facts);
}

}  // namespace lwpi
