# End-to-end tests of lwpinspect on live programs.
if(NOT TARGET lwpinspect)
  return()
endif()
find_package(nlohmann_json REQUIRED)

add_executable(inspect_oracle e2e/targets/oracle.c)
target_link_libraries(inspect_oracle PRIVATE thread)
target_compile_options(inspect_oracle PRIVATE -O2 -g)
add_executable(inspect_blocking_calls e2e/targets/blocking_calls.c)
target_link_libraries(inspect_blocking_calls PRIVATE Threads::Threads)
add_executable(inspect_many e2e/targets/many.c)
target_link_libraries(inspect_many PRIVATE thread)
add_executable(inspect_churn e2e/targets/churn.c)
target_link_libraries(inspect_churn PRIVATE thread)
target_compile_options(inspect_churn PRIVATE -O2)
add_executable(inspect_stuck e2e/targets/stuck.c)
target_link_libraries(inspect_stuck PRIVATE thread Threads::Threads)
add_executable(inspect_io_waits e2e/targets/io_waits.c)
target_link_libraries(inspect_io_waits PRIVATE thread)
add_executable(inspect_pthread_stuck e2e/targets/pthread_stuck.c)
target_link_libraries(inspect_pthread_stuck PRIVATE Threads::Threads)
# The same without any shared library; the linker makes no unwind table of its own accord then.
add_executable(inspect_static_stuck e2e/targets/pthread_stuck.c)
target_link_options(inspect_static_stuck PRIVATE -static -Wl,--eh-frame-hdr)
target_link_libraries(inspect_static_stuck PRIVATE Threads::Threads)

function(inspect_test name)
  lt_test(${name} LABELS e2e TIMEOUT 600 NO_LIBTHREAD
    SOURCES e2e/${name}.cpp LIBRARIES inspect_support)
  lt_precompile_like(${name} inspect_support)
  target_compile_definitions(${name} PRIVATE
    ORACLE_PROGRAM="$<TARGET_FILE:inspect_oracle>"
    BLOCKING_CALLS_PROGRAM="$<TARGET_FILE:inspect_blocking_calls>"
    CHURN_PROGRAM="$<TARGET_FILE:inspect_churn>"
    STUCK_PROGRAM="$<TARGET_FILE:inspect_stuck>"
    PTHREAD_STUCK_PROGRAM="$<TARGET_FILE:inspect_pthread_stuck>"
    STATIC_STUCK_PROGRAM="$<TARGET_FILE:inspect_static_stuck>"
    FAKE_LIBRARY_PROGRAM="$<TARGET_FILE:inspect_fake_library>")
  add_dependencies(${name} lwpinspect inspect_oracle inspect_blocking_calls inspect_churn inspect_stuck
    inspect_pthread_stuck inspect_static_stuck inspect_fake_library)
endfunction()
inspect_test(inspect_oracle_test)
inspect_test(inspect_any_process_test)
inspect_test(inspect_harmless_test)
inspect_test(inspect_hostile_test)
inspect_test(inspect_churn_test)
inspect_test(inspect_core_test)
inspect_test(inspect_files_test)
inspect_test(inspect_instant_test)
inspect_test(inspect_messages_test)
inspect_test(inspect_deadlocks_test)
inspect_test(inspect_export_test)
# The longest are begun first, or they run alone at the end.
set_tests_properties(e2e.inspect_churn_test e2e.inspect_hostile_test PROPERTIES COST 20)

add_test(NAME e2e.probes COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/e2e/probes_test.py
  $<TARGET_FILE:thread> $<TARGET_FILE:lwpinspect> $<TARGET_FILE:inspect_oracle>
  ${PROJECT_SOURCE_DIR}/docs/LWPINSPECT.md)
set_tests_properties(e2e.probes PROPERTIES LABELS e2e TIMEOUT 600 SKIP_RETURN_CODE 77)
add_test(NAME e2e.perf_trace COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/e2e/perf_trace_test.py
  $<TARGET_FILE:lwpinspect> $<TARGET_FILE:inspect_oracle> $<TARGET_FILE:inspect_stuck>)
set_tests_properties(e2e.perf_trace PROPERTIES LABELS e2e TIMEOUT 600 SKIP_RETURN_CODE 77)
inspect_test(inspect_io_test)
target_compile_definitions(inspect_io_test PRIVATE IO_WAITS_PROGRAM="$<TARGET_FILE:inspect_io_waits>")
add_dependencies(inspect_io_test inspect_io_waits)

add_test(NAME e2e.gdb_script COMMAND Python3::Interpreter
  ${CMAKE_CURRENT_SOURCE_DIR}/e2e/gdb_script_test.py ${PROJECT_SOURCE_DIR}/lwpinspect/gdb/libthread.py
  ${PROJECT_SOURCE_DIR}/include/libthread/inspect_fields.def $<TARGET_FILE:inspect_oracle>
  $<TARGET_FILE:lwpinspect>)
set_tests_properties(e2e.gdb_script PROPERTIES LABELS e2e TIMEOUT 600 SKIP_RETURN_CODE 77)

add_test(NAME e2e.json_schema COMMAND Python3::Interpreter
  ${CMAKE_CURRENT_SOURCE_DIR}/e2e/json_schema_test.py ${PROJECT_SOURCE_DIR}/docs/lwpinspect.schema.json
  $<TARGET_FILE:lwpinspect> $<TARGET_FILE:inspect_oracle> $<TARGET_FILE:inspect_stuck>
  $<TARGET_FILE:inspect_pthread_stuck>)
set_tests_properties(e2e.json_schema PROPERTIES LABELS e2e TIMEOUT 600)

lt_test(lwpdb_test LABELS e2e TIMEOUT 600 NO_LIBTHREAD
  SOURCES e2e/lwpdb_test.cpp e2e/lwpdb_from_c.c LIBRARIES lwpdb inspect_support)
lt_precompile_like(lwpdb_test lt_precompiled_inspect)
set_source_files_properties(e2e/lwpdb_from_c.c PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
target_compile_definitions(lwpdb_test PRIVATE ORACLE_PROGRAM="$<TARGET_FILE:inspect_oracle>")
add_dependencies(lwpdb_test lwpinspect inspect_oracle)

add_executable(td_target e2e/targets/td_target.c)
target_link_libraries(td_target PRIVATE thread)
lt_test(td_test LABELS e2e TIMEOUT 600 NO_LIBTHREAD
  SOURCES e2e/td_test.cpp e2e/td_control_test.cpp e2e/td_client.cpp
  LIBRARIES lwpdb_td inspect_support)
lt_precompile_like(td_test inspect_support)
target_compile_definitions(td_test PRIVATE TD_TARGET_PROGRAM="$<TARGET_FILE:td_target>"
  PTHREAD_STUCK_PROGRAM="$<TARGET_FILE:inspect_pthread_stuck>")
add_dependencies(td_test lwpinspect td_target inspect_pthread_stuck)
