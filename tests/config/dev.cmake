# cmake -C tests/config/dev.cmake -S . -B build/dev
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(LT_CHECKS ON CACHE BOOL "")
set(WERROR ON CACHE BOOL "")
