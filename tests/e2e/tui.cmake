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
endif()
