# Runs PROGRAM ARGS; it must succeed and its output end with a line that matches EXPECT.
execute_process(COMMAND ${PROGRAM} ${ARGS}
  OUTPUT_VARIABLE output ERROR_VARIABLE errors RESULT_VARIABLE status)
message("${output}${errors}")
if(NOT status STREQUAL "0")
  message(FATAL_ERROR "exit status ${status}")
endif()
if(NOT output MATCHES "(^|\n)${EXPECT}\n$")
  message(FATAL_ERROR "expected: ${EXPECT}")
endif()
