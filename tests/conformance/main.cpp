// The main() of the conformance tests: either the tests or one of their child programs.
#include <gtest/gtest.h>

#include "support/child.h"

int main(int argc, char** argv)
{
    if (child::Program::Body body = nullptr; child::requested(body)) {
        return body();
    }
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
