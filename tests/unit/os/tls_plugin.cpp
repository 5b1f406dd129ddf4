// A module with thread-local variables of both kinds, for tests to load and unload.
namespace {

__attribute__((tls_model("global-dynamic"))) thread_local int by_call = 7;
__attribute__((tls_model("initial-exec"))) thread_local int in_place = 9;

}  // namespace

extern "C" __attribute__((visibility("default"))) int* plugin_by_call()
{
    return &by_call;
}
extern "C" __attribute__((visibility("default"))) int* plugin_in_place()
{
    return &in_place;
}
