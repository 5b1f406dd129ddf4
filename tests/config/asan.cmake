# cmake -C tests/config/asan.cmake -S . -B build/asan
set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
set(LT_SANITIZE address,undefined CACHE STRING "")
set(LT_CHECKS ON CACHE BOOL "")
set(WERROR ON CACHE BOOL "")
