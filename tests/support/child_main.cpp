// main() of tests with child programs.
#include <gtest/gtest.h>

#include "support/child.h"

int main(int argc, char** argv)
{
    child::Program::Body body = nullptr;
    if (child::requested(body)) {
        return body();
    }
    ::testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
