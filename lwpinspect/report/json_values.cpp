#include "report/json_values.h"

#include <fmt/format.h>

namespace lwpi {

std::string line_of(const Json& object)
{
    // Names are anybody's bytes: what is no UTF-8 becomes U+FFFD, and beyond ASCII there are signs
    // that move the cursor or turn the line round.
    return object.dump(-1, ' ', true, Json::error_handler_t::replace) + '\n';
}

Json hex(std::uint64_t address)
{
    return fmt::format("{:#x}", address);
}

Json hex(const std::optional<std::uint64_t>& address)
{
    return address ? hex(*address) : Json();
}

Json text_of(const std::string& text)
{
    return text.empty() ? Json() : Json(text);
}

Json owner_of(const std::optional<Owner>& owner)
{
    if (!owner) {
        return nullptr;
    }
    if (owner->kind == Owner::Kind::kProcess) {
        return {{"kind", "process"},
                {"id", owner->id},
                {"thread", owner->thread},
                {"ended", owner->ended}};
    }
    return {{"kind", owner->kind == Owner::Kind::kThread ? "thread" : "lwp"}, {"id", owner->id}};
}

Json wait_of(const Wait& wait)
{
    if (wait.kind == WaitKind::kNone) {
        return nullptr;
    }
    return {{"kind", wait.name},
            {"object", hex(wait.object)},
            {"object_name", text_of(wait.object_name)},
            {"target", value_of(wait.target)},
            {"owner", owner_of(wait.owner)},
            {"readers", value_of(wait.readers)},
            {"left_ns", value_of(wait.left_ns)}};
}

Json syscall_of(const std::optional<Syscall>& call)
{
    if (!call) {
        return nullptr;
    }
    Json arguments = Json::array();
    for (const std::uint64_t argument : call->arguments) {
        arguments.push_back(hex(argument));
    }
    return {{"number", call->number},
            {"name", call->name},
            {"args", std::move(arguments)},
            {"file", text_of(call->file)}};
}

}  // namespace lwpi
