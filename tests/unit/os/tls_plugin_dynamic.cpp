// A module whose thread-local variables each thread allocates when it first uses them.
namespace {

__attribute__((tls_model("global-dynamic"))) thread_local int numbers[1000] = {5};

}  // namespace

extern "C" __attribute__((visibility("default"))) int* plugin_numbers()
{
    return numbers;
}
