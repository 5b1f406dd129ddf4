#include "report/probes_text.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "model/probes.h"
#include "report/json_values.h"
#include "support/escape.h"

namespace lwpi {
namespace {

// {} is the library's file as bpftrace names it.
struct Program {
    const char* what;
    std::vector<const char*> clauses;
};

const std::vector<Program>& programs()
{
    static const std::vector<Program> all{
        {"how often each thread is switched to",
         {"usdt:{}:lwpt:thread__switch /arg1/ {{ @switches[arg1] = count(); }}"}},
        {"how long ready threads wait for an LWP, in microseconds",
         {"usdt:{}:lwpt:thread__ready {{ @t[arg0] = nsecs; }}",
          "usdt:{}:lwpt:thread__switch /@t[arg1]/ {{ @ready_us = hist((nsecs - @t[arg1]) / 1000); "
          "delete(@t[arg1]); }}"}},
        {"how long threads wait for each lock, in microseconds",
         {"usdt:{}:lwpt:lock__contend {{ @t[arg0] = nsecs; @lock[arg0] = arg1; }}",
          "usdt:{}:lwpt:thread__wake /@t[arg0]/ {{ @wait_us[@lock[arg0]] = hist((nsecs - @t[arg0]) "
          "/ "
          "1000); delete(@t[arg0]); delete(@lock[arg0]); }}"}},
        {"where threads go to sleep",
         {"usdt:{}:lwpt:thread__sleep {{ @[ustack(12)] = count(); }}"}},
        {"threads and LWPs that come and go",
         {"usdt:{}:lwpt:thread__create {{ printf(\"#%d made by #%d: %s\\n\", arg0, arg1, "
          "usym(arg2)); }}",
          "usdt:{}:lwpt:thread__exit {{ printf(\"#%d ends\\n\", arg0); }}",
          "usdt:{}:lwpt:lwp__start {{ printf(\"LWP %d (%d) starts\\n\", arg0, arg1); }}",
          "usdt:{}:lwpt:lwp__exit {{ printf(\"LWP %d (%d) ends\\n\", arg0, arg1); }}"}},
        {"signals",
         {"usdt:{}:lwpt:signal__send {{ printf(\"signal %d to #%d by #%d\\n\", arg1, arg0, arg2); "
          "}}",
          "usdt:{}:lwpt:signal__deliver {{ printf(\"signal %d in #%d\\n\", arg1, arg0); }}"}}};
    return all;
}

// One word of a shell.
std::string shell_word(std::string_view text)
{
    std::string out = "'";
    for (const char letter : text) {
        out += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
    }
    return out + "'";
}

}  // namespace

std::string probes_text()
{
    std::string out = fmt::format("{:<16} {:<22} {}\n", "PROBE", "ARGUMENTS", "WHEN");
    for (const Probe& probe : kProbes) {
        out += fmt::format("{:<16} {:<22} {}\n", probe.name, probe.arguments, probe.when);
    }
    return out;
}

std::string bpftrace_text(const std::string& library, int pid)
{
    const std::string path = printable(library);
    std::string out;
    for (const Program& program : programs()) {
        std::string text;
        for (const char* clause : program.clauses) {
            text += (text.empty() ? "" : " ") + fmt::format(fmt::runtime(clause), path);
        }
        out += fmt::format("# {}\nbpftrace -p {} -e {}\n", program.what, pid, shell_word(text));
    }
    return out;
}

std::string perf_text(const std::string& library, int pid)
{
    const std::string path = shell_word(printable(library));
    return fmt::format(
        "# once for this file\nperf buildid-cache --add {0}\nperf probe -x {0} --add "
        "'%sdt_lwpt:*'\n"
        "# ten seconds of all that happens\n"
        "perf record -o lwpt.data -e 'sdt_lwpt:*' -p {1} -- sleep 10\n"
        "# as a timeline for Perfetto (ui.perfetto.dev) or chrome://tracing\n"
        "perf script -i lwpt.data | lwpinspect trace --perf - -o lwpt.json\n"
        "# where threads wait for locks, with stacks\n"
        "perf record -g -o lwpt.data -e sdt_lwpt:lock__contend -p {1} -- sleep 10\n"
        "perf report -i lwpt.data --no-children\n"
        "# when done\nperf probe --del 'sdt_lwpt:*'\n",
        path, pid);
}

std::string probes_json(const std::string& library)
{
    std::string out;
    for (const Probe& probe : kProbes) {
        out += line_of({{"type", "probe"},
                        {"provider", "lwpt"},
                        {"name", probe.name},
                        {"arguments", probe.arguments},
                        {"when", probe.when},
                        {"file", text_of(library)}});
    }
    return out;
}

}  // namespace lwpi
