#include "reader/permission.h"

#include <gtest/gtest.h>

using namespace lwpi;

namespace {

PermissionFacts same_user()
{
    PermissionFacts facts;
    facts.pid = 4711;
    facts.target_uid = facts.our_uid = 1000;
    return facts;
}

}  // namespace

TEST(Permission, NamesTheCauseAndTheCure)
{
    PermissionFacts facts = same_user();
    facts.yama = 1;
    EXPECT_NE(explain(facts).text.find("ptrace_scope is 1: only a parent may read 4711"),
              std::string::npos);
    facts.yama = 2;
    EXPECT_NE(explain(facts).text.find("is 2: needs CAP_SYS_PTRACE"), std::string::npos);
    facts.yama = 3;
    EXPECT_NE(explain(facts).text.find("is 3: nobody may attach"), std::string::npos);
    facts.files_are_roots = true;
    EXPECT_NE(explain(facts).text.find("not dumpable"), std::string::npos);
    facts.target_uid = 33;
    EXPECT_NE(explain(facts).text.find("cannot read 4711: it belongs to"), std::string::npos);
    facts.our_uid = 0;
    EXPECT_NE(explain(facts).text.find("--cap-add=SYS_PTRACE"), std::string::npos);
    EXPECT_EQ(explain(facts).code, ExitCode::kPermission);
}
