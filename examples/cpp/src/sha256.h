// The digest that a card vouches for.
#pragma once

#include <string>

// SHA-256 of bytes, as 64 hexadecimal digits (FIPS 180-4).
std::string sha256(const std::string& data);
