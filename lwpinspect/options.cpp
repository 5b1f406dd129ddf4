#include "options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <map>

#include "support/error.h"
#include "support/escape.h"

#ifndef LWPINSPECT_VERSION
#define LWPINSPECT_VERSION "unknown"
#endif

namespace lwpi {
namespace {

constexpr const char* kTargetHelp =
    "PID, PID/TID (one LWP), the name of exactly one process, a file made by save, or a "
    "core file";

struct VerbName {
    Verb verb;
    const char* name;
    const char* help;
};
constexpr std::array<VerbName, 15> kVerbs{
    {{Verb::kPs, "ps", "user threads and LWPs, one a line"},
     {Verb::kLwps, "lwps", "LWPs: what each carries, its kernel state and system call"},
     {Verb::kStack, "stack", "stacks of all or the named threads"},
     {Verb::kStacks, "stacks", "stacks grouped by equal ones, biggest group first"},
     {Verb::kLocks, "locks", "locks that somebody waits for, their holders and waiters"},
     {Verb::kWhy, "why", "why a thread does not go on: its chain of waits"},
     {Verb::kDeadlocks, "deadlocks", "threads that wait for each other; exit code 1 when found"},
     {Verb::kCheck, "check", "deadlocks and warnings; exit code 1 when there are any"},
     {Verb::kDiff, "diff", "two looks: who came, went, ran, and who has not run; exit code 1"},
     {Verb::kSave, "save", "a snapshot into a file, which every verb reads as a target"},
     {Verb::kTrace, "trace", "what threads do for some seconds, for Perfetto or Chrome"},
     {Verb::kProbes, "probes", "the library's USDT probes, and how to follow them"},
     {Verb::kInfo, "info", "the library in the target, its version and counters"},
     {Verb::kCompletion, "completion", "completion of the command line for a shell"},
     {Verb::kTop, "top", "screens that follow one process"}}};

// A number from `low` to `high`; CLI::Range lets through what is no number at all (nan).
CLI::Validator between(double low, double high)
{
    return CLI::Validator(
        [low, high](const std::string& text) {
            double value = 0;
            const bool fits =
                CLI::detail::lexical_cast(text, value) && value >= low && value <= high;
            return fits ? "" : fmt::format("{} is not between {} and {}", text, low, high);
        },
        "");
}

void add_global(CLI::App& app, Options& options)
{
    app.add_flag("-n,--nostop", options.nostop,
                 "stop nothing, not even running LWPs for some 20 us; they have no stack then");
    auto* const nostop = app.get_option("-n");
    app.add_flag(
           "-S,--snapshot", options.instant,
           "all of one moment, for which all LWPs that run are stopped together; those that "
           "sleep are watched and stopped only if they awake or cannot be read otherwise: "
           "epoll_wait, sigtimedwait, sigwaitinfo, semop, io_uring_enter and recv with a time "
           "limit may then return EINTR")
        ->excludes(nostop);
    app.add_flag("--may-interrupt", options.may_interrupt,
                 "stop a sleeping LWP too when its stack cannot be followed otherwise")
        ->excludes(nostop);
    app.add_flag("--json", options.json, "one JSON object a line; header and remarks go to stderr");
    auto* const from = app.add_option("--from", options.from, "the target is this saved snapshot");
    auto* const core = app.add_option("--core", options.core, "the target is this core file");
    from->option_text("FILE")->excludes(core);
    core->option_text("FILE");
    app.add_option("--exe", options.program, "the executable that a core is of")
        ->option_text("FILE");
    app.add_option("--sysroot", options.sysroot, "where the files lie that a core names")
        ->option_text("DIR");
    app.add_option("--timeout", options.timeout, "give up after MS milliseconds (10000)")
        ->option_text("MS")
        ->check(between(1, 3'600'000));
    app.add_option("--max-threads", options.max_threads, "read at most N user threads (65536)")
        ->option_text("N")
        ->check(between(1, 1e9));
    app.add_flag_callback(
        "--no-color", [&options] { options.colour = ColourWish::kNever; }, "no colours");
    app.add_option_function<std::string>(
           "--color",
           [&options](const std::string& when) {
               options.colour = when == "always"  ? ColourWish::kAlways
                                : when == "never" ? ColourWish::kNever
                                                  : ColourWish::kAuto;
           },
           "auto (a terminal, and NO_COLOR not set), always or never")
        ->option_text("WHEN")
        ->check(CLI::IsMember({"auto", "always", "never"}));
    app.add_flag("--no-demangle", options.no_demangle, "C++ names as the linker sees them");
    app.add_flag("-q", options.quiet, "no header and no remarks");
    app.add_flag("-v", options.verbose, "say what was searched and read");
}

void add_depth(CLI::App& verb, Options& options)
{
    verb.add_option("--depth", options.depth, "at most N frames a stack (64)")
        ->option_text("N")
        ->check(between(1, 4096));
}

void add_ps(CLI::App& verb, Options& options)
{
    auto* both = verb.add_flag("-L", options.both, "user threads, then LWPs");
    auto* lwps = verb.add_flag("--lwps", options.only_lwps, "LWPs only");
    auto* users = verb.add_flag("--users", options.only_users, "user threads only (the default)");
    both->excludes(lwps)->excludes(users);
    lwps->excludes(users);
    verb.add_option(
            "-o", options.columns,
            "columns: id,name,state,lwp,tid,wait,owner,since,sw,cpu,prio,flags,creator,fn,at")
        ->option_text("LIST");
    verb.add_option("-s", options.sort,
                    "sort by id, state, lwp, wait, owner, since, sw, name or fn")
        ->option_text("KEY")
        ->check(
            CLI::IsMember({"id", "state", "lwp", "wait", "owner", "since", "sw", "name", "fn"}));
    verb.add_flag("-r", options.reverse, "reverse the order");
}

void add_stack(CLI::App& verb, Options& options)
{
    verb.add_option("ids", options.ids, "user threads (17, #17, 3-9) or LWPs (lwp:TID)")
        ->option_text("[ID ...]");
    verb.add_flag("-a", options.addresses, "program counters");
    verb.add_flag("-m", options.modules, "the file that each function is in");
    verb.add_flag("-l,--lines", options.lines, "source lines, where there is debug information");
    add_depth(verb, options);
}

void add_stacks(CLI::App& verb, Options& options)
{
    verb.add_option("--fn", options.function, "only stacks with a function that matches RE")
        ->option_text("RE");
    verb.add_option("--not-fn", options.not_function, "only stacks without such a function")
        ->option_text("RE");
    verb.add_option("--state", options.state, "only threads in this state")->option_text("STATE");
    verb.add_option("--wait", options.wait, "only threads that wait for this kind of object")
        ->option_text("KIND");
    verb.add_option("--name", options.name, "only threads whose name matches RE")
        ->option_text("RE");
    verb.add_option("--lwp", options.lwp, "only what is on this LWP (its number or kernel TID)")
        ->option_text("N");
    verb.add_option("--min-age", options.min_age_seconds,
                    "only threads that have been blocked or ready for so many seconds")
        ->option_text("SEC")
        ->check(between(0, 1e9));
    auto* const by =
        verb.add_option("--by", options.by, "group by stack, state, wait, start, creator or top");
    by->option_text("KEY")->check(
        CLI::IsMember({"stack", "state", "wait", "start", "creator", "top"}));
    verb.add_flag("--collapsed", options.collapsed, "one line a stack, for flame graphs")
        ->excludes(by);
    add_depth(verb, options);
}

void add_locks(CLI::App& verb, Options& options)
{
    verb.add_option("address", options.address, "one object, with all its waiters")
        ->option_text("[ADDR]");
    verb.add_flag("--all", options.all, "also conditions, semaphores, joins and futexes");
}

void add_why(CLI::App& verb, Options& options)
{
    verb.add_option("ids", options.ids, "user threads (17, #17, 3-9) or LWPs (lwp:TID)")
        ->option_text("[ID ...]");
}

void add_findings(CLI::App& deadlocks, CLI::App& check, Options& options)
{
    deadlocks.add_option("--confirm-ms", options.confirm, "time between the two looks (50)")
        ->option_text("MS")
        ->check(between(1, 60'000));
    check.add_option("--sample-ms", options.sample, "time between the two looks (1100)")
        ->option_text("MS")
        ->check(between(1, 60'000));
    check
        .add_option("--rules", options.rules,
                    "only these: deadlock,self,orphan,starved,timed,ready,running,holder,stack")
        ->option_text("LIST");
}

void add_diff(CLI::App& verb, Options& options)
{
    verb.add_option("other", options.other, "the later look: another target, or saved snapshot")
        ->option_text("[TARGET]");
    verb.add_option("--every", options.every, "seconds between two looks at one target (5)")
        ->option_text("SEC")
        ->check(between(0.001, 86400));
}

void add_save(CLI::App& verb, Options& options)
{
    verb.add_option("-o,--output", options.output, "the file; - for standard output")
        ->option_text("FILE")
        ->required();
    verb.add_flag("--no-stacks", options.no_stacks, "no stacks, so no function names either");
}

void add_trace(CLI::App& verb, Options& options)
{
    verb.add_option("-o,--output", options.output, "the file; - for standard output")
        ->option_text("FILE")
        ->required();
    auto* const seconds = verb.add_option("-t", options.trace_seconds, "for so many seconds (5)");
    seconds->option_text("SEC")->check(between(0.01, 86400));
    auto* const period =
        verb.add_option("--every-ms", options.trace_period, "time between two looks (10)");
    period->option_text("MS")->check(between(1, 60'000));
    verb.add_option("--perf", options.perf,
                    "no target: what perf script printed of the library's probes")
        ->option_text("FILE")
        ->excludes(seconds)
        ->excludes(period);
}

void add_probes(CLI::App& verb, Options& options)
{
    verb.add_flag("--bpftrace", options.bpftrace, "only command lines for bpftrace");
    verb.add_flag("--perf-lines", options.perf_lines, "only command lines for perf");
}

void add_top(CLI::App& verb, Options& options)
{
    verb.add_option("-d", options.interval_seconds, "seconds between two looks (2)")
        ->option_text("SEC")
        ->check(between(0.1, 3600));
}

// With --from or --core the first word names no target but what comes after one.
void place_words(Options& options)
{
    if ((options.from.empty() && options.core.empty()) || options.target.empty()) {
        return;
    }
    if (options.verb == Verb::kLocks && options.address.empty()) {
        options.address = options.target;
    } else if (options.verb == Verb::kDiff && options.other.empty()) {
        options.other = options.target;
    } else if (options.verb == Verb::kStack || options.verb == Verb::kWhy) {
        options.ids.insert(options.ids.begin(), options.target);
    } else {
        throw CLI::ExtrasError({options.target});
    }
    options.target.clear();
}

// The description of the whole command line.
class CommandLine {
  public:
    CommandLine()
        : app_("Looks into live processes that use libthread, their cores and saved snapshots.",
               "lwpinspect")
    {
        app_.set_version_flag("--version", "lwpinspect " LWPINSPECT_VERSION);
        app_.set_help_flag("-h,--help", "this text");
        app_.failure_message([this](const CLI::App*, const CLI::Error& error) {
            return fmt::format("lwpinspect: {}.\n\"lwpinspect --help\" tells more.\n",
                               explain(error));
        });
        app_.fallthrough();
        app_.require_subcommand(0, 1);
        app_.footer("Without a verb: top on a terminal, else ps. Manual: lwpinspect(1).");
        add_global(app_, options_);
        app_.add_option("target", options_.target, kTargetHelp)->option_text("TARGET");
        for (const VerbName& verb : kVerbs) {
            CLI::App* const sub = app_.add_subcommand(verb.name, verb.help);
            const bool shell = verb.verb == Verb::kCompletion;
            sub->add_option("target", options_.target, shell ? "bash, zsh or fish" : kTargetHelp)
                ->option_text(shell ? "SHELL" : "TARGET");
            verbs_[verb.verb] = sub;
        }
        add_verbs();
    }

    [[nodiscard]] CLI::App& app() { return app_; }
    [[nodiscard]] Options& options() { return options_; }
    [[nodiscard]] std::optional<Verb> verb() const
    {
        for (const auto& [verb, sub] : verbs_) {
            if (sub->parsed()) {
                return verb;
            }
        }
        return std::nullopt;
    }

    // A word too many falls through to the target before the verb.
    void refuse_second_target() const
    {
        const CLI::Option* const first = app_.get_option("target");
        for (const auto& [verb, sub] : verbs_) {
            if (sub->parsed() && sub->count("target") > 0 && first->count() > 0) {
                throw CLI::ExtrasError({first->as<std::string>()});
            }
        }
    }

  private:
    [[nodiscard]] std::string explain(const CLI::Error& error) const
    {
        // The first of several words was to be a verb.
        const bool misspelt =
            error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) && !verb() &&
            !options_.target.empty();
        return misspelt ? fmt::format("there is no verb \"{}\"", printable(options_.target))
                        : error.what();
    }

    void add_verbs()
    {
        add_ps(*verbs_[Verb::kPs], options_);
        add_stack(*verbs_[Verb::kStack], options_);
        add_stacks(*verbs_[Verb::kStacks], options_);
        add_locks(*verbs_[Verb::kLocks], options_);
        add_why(*verbs_[Verb::kWhy], options_);
        add_findings(*verbs_[Verb::kDeadlocks], *verbs_[Verb::kCheck], options_);
        add_diff(*verbs_[Verb::kDiff], options_);
        add_save(*verbs_[Verb::kSave], options_);
        add_trace(*verbs_[Verb::kTrace], options_);
        add_probes(*verbs_[Verb::kProbes], options_);
        add_top(*verbs_[Verb::kTop], options_);
    }

    Options options_;
    CLI::App app_;
    std::map<Verb, CLI::App*> verbs_;
};

std::vector<OptionRow> rows_of(const CLI::App& app)
{
    std::vector<OptionRow> rows;
    for (const CLI::Option* option : app.get_options()) {
        OptionRow row;
        for (const std::string& name : option->get_snames()) {
            row.names.push_back("-" + name);
        }
        for (const std::string& name : option->get_lnames()) {
            row.names.push_back("--" + name);
        }
        row.argument = option->get_option_text();
        row.help = option->get_description();
        const bool help = row.names.size() == 2 && row.names[1] == "--help";
        if (!row.names.empty() && (!help || app.get_parent() == nullptr)) {
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

}  // namespace

CommandTable command_table()
{
    CommandLine line;
    CommandTable table;
    table.global = rows_of(line.app());
    for (const CLI::App* verb : line.app().get_subcommands({})) {
        table.verbs.push_back({verb->get_name(), verb->get_description(), rows_of(*verb)});
    }
    return table;
}

std::variant<Options, int> parse_options(int argc, const char* const* argv, bool interactive)
{
    CommandLine line;
    Options& options = line.options();
    try {
        line.app().parse(argc, argv);
        options.verb = line.verb().value_or(interactive ? Verb::kTop : Verb::kPs);
        line.refuse_second_target();
        place_words(options);
        if (options.target.empty() && options.from.empty() && options.core.empty() &&
            options.perf.empty()) {
            throw CLI::RequiredError(options.verb == Verb::kCompletion ? "SHELL (bash, zsh or fish)"
                                                                       : "TARGET");
        }
    } catch (const CLI::ParseError& error) {
        const bool said = line.app().exit(error) == 0;
        return static_cast<int>(said ? ExitCode::kDone : ExitCode::kUsage);
    }
    return options;
}

}  // namespace lwpi
