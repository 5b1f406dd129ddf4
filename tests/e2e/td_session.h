// A target with threads, what it said of itself, and an agent on it.
#pragma once

#include <gtest/gtest.h>
#include <thread_db.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/inspect_support.h"
#include "e2e/td_client.h"

namespace td_test {

class Session {
  public:
    explicit Session(std::vector<std::string> command) : target_(std::move(command))
    {
        for (const std::string& line : target_.lines()) {
            std::istringstream in(line);
            std::string word;
            in >> word;
            if (word == "thread") {
                std::string name;
                unsigned id = 0;
                std::string start;
                in >> name >> id >> start;
                ids_[name] = id;
                starts_[name] = std::stoull(start, nullptr, 16);
            } else {
                std::string value;
                in >> value;
                places_[word] = std::stoull(value, nullptr, 0);
            }
        }
        process_ = std::make_unique<ps_prochandle>(target_.pid());
    }
    ~Session() { td_ta_delete(agent_); }

    td_err_e open() { return td_ta_new(process_.get(), &agent_); }
    [[nodiscard]] td_thragent_t* agent() const { return agent_; }
    [[nodiscard]] inspect_test::Target& target() { return target_; }
    [[nodiscard]] ps_prochandle& process() { return *process_; }
    [[nodiscard]] unsigned id(const std::string& name) const { return ids_.at(name); }
    [[nodiscard]] psaddr_t start(const std::string& name) const { return starts_.at(name); }
    [[nodiscard]] psaddr_t place(const std::string& name) const { return places_.at(name); }

    td_thrhandle_t thread(const std::string& name)
    {
        td_thrhandle_t handle{};
        EXPECT_EQ(td_ta_map_id2thr(agent_, id(name), &handle), TD_OK) << name;
        return handle;
    }
    td_thrinfo_t info(const std::string& name)
    {
        td_thrinfo_t info{};
        const td_thrhandle_t handle = thread(name);
        EXPECT_EQ(td_thr_get_info(&handle, &info), TD_OK) << name;
        return info;
    }
    std::uint64_t variable(const std::string& name)
    {
        std::uint64_t value = 0;
        EXPECT_EQ(ps_pdread(process_.get(), place(name), &value, sizeof value), PS_OK);
        return value;
    }
    // Waits while the target runs.
    bool runs_until(const std::function<bool()>& predicate)
    {
        return inspect_test::until([&] {
            process_->serve();
            return predicate();
        });
    }
    // A thread that goes to sleep is carried by its LWP for a moment more.
    bool settles(const std::string& name, td_thr_state_e state)
    {
        return runs_until([&] {
            const td_thrinfo_t now = info(name);
            return now.ti_state == state &&
                   (now.ti_lid == 0 || (now.ti_user_flags & THR_BOUND) != 0);
        });
    }
    // Has the target do something and waits until it says that it is done.
    void order(const std::string& letter)
    {
        target_.send(letter);
        while (runs_until([&] { return target_.has_line(); }) && target_.next_line() != "done") {}
    }
    // The library's clock sleeps: what happens next, it has been told.
    bool is_clock_asleep()
    {
        const auto switches = [&] {
            std::string count;
            for (const std::string& task : tasks()) {
                std::ifstream name(task + "/comm");
                std::string comm;
                std::getline(name, comm);
                std::ifstream status(task + "/status");
                for (std::string line; comm == "lwp/clock" && std::getline(status, line);) {
                    count = line.rfind("voluntary", 0) == 0 ? line : count;
                }
            }
            return count;
        };
        std::string before;
        return runs_until([&] {
            const std::string now = switches();
            const bool same = now == before && !now.empty();
            before = now;
            return same;
        });
    }

  private:
    [[nodiscard]] std::vector<std::string> tasks() const
    {
        std::vector<std::string> all;
        for (const auto& entry : std::filesystem::directory_iterator(
                 "/proc/" + std::to_string(target_.pid()) + "/task")) {
            all.push_back(entry.path());
        }
        return all;
    }

    inspect_test::Target target_;
    std::unique_ptr<ps_prochandle> process_;
    td_thragent_t* agent_ = nullptr;
    std::map<std::string, unsigned> ids_;
    std::map<std::string, psaddr_t> starts_;
    std::map<std::string, psaddr_t> places_;
};

// Its threads rest, and are where they are to be.
class Quiet : public testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_TRUE(session_.target().is_ready());
        ASSERT_EQ(session_.open(), TD_OK);
        ASSERT_TRUE(session_.settles("held", TD_THR_SLEEP));
        ASSERT_TRUE(session_.settles("gate", TD_THR_SLEEP));
        ASSERT_TRUE(session_.settles("cond", TD_THR_SLEEP));
        ASSERT_TRUE(session_.settles("zombie", TD_THR_ZOMBIE));
    }
    Session session_{{TD_TARGET_PROGRAM, "quiet"}};
};

}  // namespace td_test
