# End-to-end tests of lwpinspect on live programs.
if(NOT TARGET lwpinspect)
  return()
endif()
find_package(nlohmann_json REQUIRED)

add_executable(inspect_oracle e2e/targets/oracle.c)
target_link_libraries(inspect_oracle PRIVATE thread)
target_compile_options(inspect_oracle PRIVATE -O2)
add_executable(inspect_blocking_calls e2e/targets/blocking_calls.c)
target_link_libraries(inspect_blocking_calls PRIVATE Threads::Threads)

function(inspect_test name)
  lt_test(${name} LABELS e2e TIMEOUT 180 NO_LIBTHREAD
    SOURCES e2e/${name}.cpp e2e/inspect_support.cpp
    LIBRARIES nlohmann_json::nlohmann_json)
  target_compile_definitions(${name} PRIVATE
    LWPINSPECT_PROGRAM="$<TARGET_FILE:lwpinspect>"
    ORACLE_PROGRAM="$<TARGET_FILE:inspect_oracle>"
    BLOCKING_CALLS_PROGRAM="$<TARGET_FILE:inspect_blocking_calls>")
  add_dependencies(${name} lwpinspect inspect_oracle inspect_blocking_calls)
endfunction()
inspect_test(inspect_oracle_test)
inspect_test(inspect_harmless_test)
inspect_test(inspect_messages_test)
