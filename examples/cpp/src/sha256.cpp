#include "sha256.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace {

constexpr int kPrimes[64] = {
    2,   3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,  47,  53,
    59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103, 107, 109, 113, 127, 131,
    137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223,
    227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311};

uint32_t turned(uint32_t x, int by) { return (x >> by) | (x << (32 - by)); }

// First 32 bits behind the point of a prime's root, found with whole numbers: the
// largest r with r^power <= prime * 2^(32 power).
uint32_t behind_the_point(int prime, int power) {
  using Wide = unsigned __int128;
  const Wide most = static_cast<Wide>(prime) << (32 * power);
  uint64_t root = 0;
  for (int bit = 36; bit >= 0; --bit) {
    const uint64_t tried = root | (uint64_t{1} << bit);
    Wide value = tried;
    for (int i = 1; i < power; ++i) value *= tried;
    if (value <= most) root = tried;
  }
  return static_cast<uint32_t>(root);
}

void add_block(std::array<uint32_t, 8>& state, const unsigned char* block,
               const std::array<uint32_t, 64>& constants) {
  uint32_t w[64];
  for (int i = 0; i < 16; ++i) {
    const unsigned char* b = block + 4 * i;
    w[i] = uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 | b[3];
  }
  for (int i = 16; i < 64; ++i) {
    const uint32_t s0 = turned(w[i - 15], 7) ^ turned(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const uint32_t s1 = turned(w[i - 2], 17) ^ turned(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (int i = 0; i < 64; ++i) {
    const uint32_t s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const uint32_t first = h + s1 + ((e & f) ^ (~e & g)) + constants[i] + w[i];
    const uint32_t s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const uint32_t second = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + first, d = c, c = b, b = a, a = first + second;
  }
  const uint32_t added[8] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; ++i) state[i] += added[i];
}

}  // namespace

std::string sha256(const std::string& data) {
  std::array<uint32_t, 64> constants;
  std::array<uint32_t, 8> state;
  for (int i = 0; i < 64; ++i) constants[i] = behind_the_point(kPrimes[i], 3);
  for (int i = 0; i < 8; ++i) state[i] = behind_the_point(kPrimes[i], 2);
  std::string padded = data + '\x80';
  padded.resize((padded.size() + 8 + 63) / 64 * 64, '\0');
  const uint64_t bits = uint64_t{data.size()} * 8;
  for (int i = 0; i < 8; ++i) {
    padded[padded.size() - 1 - i] = static_cast<char>(bits >> (8 * i) & 255);
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(padded.data());
  for (size_t at = 0; at < padded.size(); at += 64) {
    add_block(state, bytes + at, constants);
  }
  char text[65];
  for (int i = 0; i < 8; ++i) std::snprintf(text + 8 * i, 9, "%08x", state[i]);
  return std::string(text, 64);
}
