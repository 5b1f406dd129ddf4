// A suite whose tests speak of a pool with one LWP that the library does not enlarge says so here,
// as a static object beside its tests:
//     const PoolOfOne kOneLwp{"TwoLevelPriority"};
// They are then started with the settings for that, unless the variant asks for something else.
#pragma once

namespace conformance {

class PoolOfOne {
  public:
    explicit PoolOfOne(const char* suite) : suite_{suite}, next_{first()} { first() = this; }
    PoolOfOne(const PoolOfOne&) = delete;
    PoolOfOne& operator=(const PoolOfOne&) = delete;

    [[nodiscard]] const char* suite() const { return suite_; }
    [[nodiscard]] const PoolOfOne* next() const { return next_; }

    static const PoolOfOne*& first()
    {
        static const PoolOfOne* list = nullptr;
        return list;
    }

  private:
    const char* suite_;
    const PoolOfOne* next_;
};

}  // namespace conformance
