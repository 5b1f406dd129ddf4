// How the tool says that it cannot go on: a sentence for the user and the exit code that goes with
// it.
#pragma once

#include <stdexcept>
#include <string>

namespace lwpi {

// docs/man/lwpinspect.1 lists them.
enum class ExitCode : int {
    kDone = 0,
    kFinding = 1,
    kUsage = 2,
    kNoProcess = 3,
    kPermission = 4,
    kUnsupported = 5,
    kNoLibrary = 6,
    kOtherVersion = 7,
    kPartial = 8,
    kInternal = 9,
    kTimeLimit = 10,
    kInterrupted = 130,
};

// what() is one line for the user, already escaped, without the "lwpinspect: " in front.
class TargetError : public std::runtime_error {
  public:
    TargetError(ExitCode code, const std::string& sentence)
        : std::runtime_error(sentence), code_(code)
    {
    }
    [[nodiscard]] ExitCode code() const noexcept { return code_; }

  private:
    ExitCode code_;
};

}  // namespace lwpi
