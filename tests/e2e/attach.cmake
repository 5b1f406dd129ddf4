# Other tools at work on a process with unbound threads.
if(NOT LT_SANITIZE)
  add_executable(signal_load e2e/targets/signal_load.c)
  target_link_libraries(signal_load PRIVATE thread project_warnings)
  foreach(tool IN ITEMS gdb perf strace)
    add_test(NAME e2e.attach.${tool} COMMAND Python3::Interpreter
      ${CMAKE_CURRENT_SOURCE_DIR}/e2e/attach_test.py ${tool} $<TARGET_FILE:signal_load>)
    set_tests_properties(e2e.attach.${tool} PROPERTIES LABELS e2e TIMEOUT 600 SKIP_RETURN_CODE 77
      ENVIRONMENT LIBTHREAD_CONCURRENCY=4)
  endforeach()
endif()
