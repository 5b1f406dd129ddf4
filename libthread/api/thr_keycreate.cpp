// thr_keycreate(3C)
#include <thread.h>

#include "base/compiler.h"
#include "thread/keys.h"

LT_EXPORT int thr_keycreate(thread_key_t* keyp, void (*destructor)(void*))
{
    return lt::to_errno(lt::create_key(*keyp, destructor));
}

LT_EXPORT int thr_keycreate_once(thread_key_t* keyp, void (*destructor)(void*))
{
    return lt::to_errno(lt::create_key_once(*keyp, destructor));
}

LT_EXPORT int thr_setspecific(thread_key_t key, void* value)
{
    return lt::to_errno(lt::set_specific(lt::current(), key, value));
}

LT_EXPORT int thr_getspecific(thread_key_t key, void** valuep)
{
    return lt::to_errno(lt::get_specific(lt::current(), key, *valuep));
}

LT_ALIAS(_thr_keycreate, thr_keycreate);
LT_ALIAS(_thr_setspecific, thr_setspecific);
LT_ALIAS(_thr_getspecific, thr_getspecific);
