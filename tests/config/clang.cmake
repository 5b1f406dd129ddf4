# cmake -C tests/config/clang.cmake -S . -B build/clang
set(CMAKE_C_COMPILER clang CACHE STRING "")
set(CMAKE_CXX_COMPILER clang++ CACHE STRING "")
set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
set(LT_CHECKS ON CACHE BOOL "")
set(WERROR ON CACHE BOOL "")
