// Portable maps (PBM, PGM, PPM, PAM), of which OpenCV ignores the white they declare.
#pragma once

#include <opencv2/core.hpp>
#include <string>

struct PortableMap {
  cv::Mat pixels;  // 8 or 16 bits, grey or RGB
  int white;
};

bool is_portable_map(const std::string& data);

// rkd_keras.files.portable_maps; throws InputError where the file is damaged.
PortableMap decode_portable_map(const std::string& data);
