// The verbs. Each prints what it found and returns the program's exit code; TargetError goes
// through.
#pragma once

#include "options.h"

namespace lwpi {

int run_ps(const Options& options);
int run_lwps(const Options& options);
int run_stack(const Options& options);
int run_stacks(const Options& options);
int run_locks(const Options& options);
int run_why(const Options& options);
int run_deadlocks(const Options& options);
int run_check(const Options& options);
int run_diff(const Options& options);
int run_save(const Options& options);
int run_trace(const Options& options);
int run_probes(const Options& options);
int run_info(const Options& options);
int run_completion(const Options& options);
int run_top(const Options& options);

}  // namespace lwpi
