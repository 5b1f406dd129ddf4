// What nearly every test includes, compiled once when LT_PRECOMPILE is on. No header of ours: those
// must be included where they are used.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>
