# The pages on synchronisation objects and the two-level behaviour. Included by CMakeLists.txt.

add_library(insight STATIC ../support/insight.cpp)
target_include_directories(insight PUBLIC ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(insight PUBLIC thread PRIVATE project_warnings)

# sync_test(page sources...): as conformance_test, with thread states to wait for.
function(sync_test page)
  lt_test(${page}_test NO_MAIN LABELS conformance SOURCES ${ARGN} TIMEOUT 300
    LIBRARIES conformance_main insight GTest::gtest
    VARIANTS mn+c1 mn+c2 mn+c8 bound)
endfunction()

sync_test(mutex_init mutex_init_test.cpp)
sync_test(mutex_lock mutex_lock_test.cpp)
sync_test(mutex_held mutex_held_test.cpp)
sync_test(cond_init cond_init_test.cpp)
sync_test(cond_wait cond_wait_test.cpp)
sync_test(cond_signal cond_signal_test.cpp)
sync_test(cond_timedwait cond_timedwait_test.cpp)
sync_test(sema_init sema_init_test.cpp)
sync_test(sema_wait sema_wait_test.cpp)
sync_test(rwlock_init rwlock_init_test.cpp)
sync_test(rw_rdlock rw_rdlock_test.cpp)
sync_test(rw_wrlock rw_wrlock_test.cpp)
sync_test(rw_unlock rw_unlock_test.cpp)
sync_test(synch_shared synch_shared_test.cpp synch_shared_wait_test.cpp)
sync_test(two_level two_level_test.cpp two_level_state_test.cpp two_level_process_test.cpp)
# Every resume on another LWP.
if(NOT LT_SANITIZE) # there every thread is bound
  lt_register(conformance.two_level_test.mn+c2+always two_level_test LABELS conformance
    TIMEOUT 300 ENVIRONMENT LIBTHREAD_CONCURRENCY=2 LIBTHREAD_MIGRATE=always)
endif()
# One LWP, in a process in which none was ever added: so the order in which threads run is determined.
lt_test(two_level_priority_test NO_MAIN LABELS conformance SOURCES two_level_priority_test.cpp
  LIBRARIES conformance_main insight GTest::gtest
  ENVIRONMENT LIBTHREAD_CONCURRENCY=1 LIBTHREAD_GROWTH=blocked VARIANTS mn husk)
