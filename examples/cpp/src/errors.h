// What goes wrong is told in one sentence.
#pragma once

#include <stdexcept>

struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
