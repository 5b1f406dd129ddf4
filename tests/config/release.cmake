# cmake -C tests/config/release.cmake -S . -B build/release
set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
set(WERROR ON CACHE BOOL "")
