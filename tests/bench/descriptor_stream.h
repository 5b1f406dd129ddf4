// A socket for threads that may simply block in read() and write().
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "bench/must.h"

namespace bench {

class DescriptorStream {
  public:
    explicit DescriptorStream(int descriptor) : descriptor_{descriptor} {}
    ~DescriptorStream() { close(descriptor_); }
    DescriptorStream(const DescriptorStream&) = delete;
    DescriptorStream& operator=(const DescriptorStream&) = delete;

    // False at the end of the stream. Messages are small enough to come in one piece.
    bool read(void* to, std::size_t size)
    {
        const ssize_t got = ::read(descriptor_, to, size);
        must(got >= 0 ? 0 : errno, "read");
        return static_cast<std::size_t>(got) == size;
    }

    void write(const void* from, std::size_t size)
    {
        const ssize_t put = ::write(descriptor_, from, size);
        must(put >= 0 ? 0 : errno, "write");
    }

  private:
    int descriptor_;
};

}  // namespace bench
