# The screens of lwpinspect on a real terminal.
find_program(TMUX_PROGRAM tmux)
if(NOT TMUX_PROGRAM)
  message(STATUS "no tmux: the tests of lwpinspect's screens are left out")
elseif(TARGET lwpinspect)
  add_executable(tui_target e2e/tui_target.c)
  target_link_libraries(tui_target PRIVATE thread project_warnings)

  lt_test(tui_threads LABELS e2e NO_LIBTHREAD TIMEOUT 300
    SOURCES e2e/tui_threads_test.cpp support/tmux.cpp)
  target_compile_definitions(tui_threads PRIVATE
    LWPINSPECT="$<TARGET_FILE:lwpinspect>" TUI_TARGET="$<TARGET_FILE:tui_target>")
  add_dependencies(tui_threads lwpinspect tui_target)

  lt_test(tui_screens LABELS e2e NO_LIBTHREAD TIMEOUT 300
    SOURCES e2e/tui_screens_test.cpp support/tmux.cpp)
  target_compile_definitions(tui_screens PRIVATE
    LWPINSPECT="$<TARGET_FILE:lwpinspect>" TUI_TARGET="$<TARGET_FILE:tui_target>")
  add_dependencies(tui_screens lwpinspect tui_target)

  # Which frames the library's functions have is for the compiler to say.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT LT_SANITIZE)
    lt_test(tui_captures LABELS e2e NO_LIBTHREAD TIMEOUT 300
      SOURCES e2e/tui_captures_test.cpp support/tmux.cpp)
    target_compile_definitions(tui_captures PRIVATE SCREENS="${CMAKE_CURRENT_SOURCE_DIR}/e2e/screens"
      LWPINSPECT="$<TARGET_FILE:lwpinspect>" TUI_TARGET="$<TARGET_FILE:tui_target>")
    add_dependencies(tui_captures lwpinspect tui_target)
  endif()
endif()
