#include "image.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "errors.h"
#include "portable_map.h"

namespace {

// The numbers in the first directory of a TIFF; empty for what is none.
std::map<unsigned, unsigned> tiff_tags(const std::string& data) {
  std::map<unsigned, unsigned> tags;
  const bool little = data.compare(0, 4, std::string("II*\0", 4)) == 0;
  if (!little && data.compare(0, 4, std::string("MM\0*", 4)) != 0) return tags;
  auto number = [&](size_t at, int size) {
    unsigned value = 0;
    for (int i = 0; i < size; ++i) {
      const size_t place = at + (little ? size - 1 - i : i);
      value = value << 8 |
              (place < data.size() ? static_cast<unsigned char>(data[place]) : 0u);
    }
    return value;
  };
  const size_t directory = number(4, 4);
  const unsigned count = number(directory, 2);
  for (unsigned i = 0; i < count; ++i) {
    const size_t entry = directory + 2 + size_t{12} * i;
    if (entry + 12 > data.size()) break;
    const unsigned kind = number(entry + 2, 2);
    const int size = kind == 1 ? 1 : kind == 3 ? 2 : kind == 4 ? 4 : 0;
    if (size) tags[number(entry, 2)] = number(entry + 8, size);
  }
  return tags;
}

cv::Mat decode_by_opencv(const std::string& data) {
  const cv::Mat bytes(1, static_cast<int>(data.size()), CV_8U,
                      const_cast<char*>(data.data()));
  cv::Mat pixels;
  try {
    pixels = cv::imdecode(bytes, cv::IMREAD_ANYDEPTH | cv::IMREAD_ANYCOLOR);
  } catch (const cv::Exception&) {
    // As what is no image.
  }
  if (pixels.empty()) {
    throw InputError("cannot be decoded as an image; replace the file");
  }
  if (pixels.depth() != CV_8U && pixels.depth() != CV_16U) {
    throw InputError("must have 8 or 16 bits, for nothing tells which value is white");
  }
  if (pixels.depth() == CV_16U) {
    auto tags = tiff_tags(data);
    if (tags.count(284) && tags[284] == 2 && tags.count(277) && tags[277] > 1) {
      throw InputError("holds a plane for each colour; save it with 8 bits");
    }
    // OpenCV inverts TIFFs of 8 bits and fewer itself.
    if (tags.count(262) && tags[262] == 0) cv::bitwise_not(pixels, pixels);
  }
  return pixels;
}

}  // namespace

cv::Mat to_rgb(const cv::Mat& pixels, int white, bool is_bgr) {
  cv::Mat image = pixels;
  const int most = pixels.depth() == CV_16U ? 65535 : 255;
  if (most != 255 || white != most) {
    // Half goes to the even number, as numpy rounds.
    const double scale = 255.0 / white;
    std::vector<uchar> table(most + 1);
    for (int value = 0; value <= most; ++value) {
      table[value] = static_cast<uchar>(std::min(std::nearbyint(value * scale), 255.0));
    }
    image = cv::Mat(pixels.size(), CV_8UC(pixels.channels()));
    const int width = pixels.cols * pixels.channels();
    for (int row = 0; row < pixels.rows; ++row) {
      uchar* to = image.ptr<uchar>(row);
      for (int i = 0; i < width; ++i) {
        to[i] = table[most == 255 ? pixels.ptr<uchar>(row)[i]
                                  : pixels.ptr<uint16_t>(row)[i]];
      }
    }
  }
  cv::Mat rgb;
  switch (image.channels()) {
    case 1: cv::cvtColor(image, rgb, cv::COLOR_GRAY2RGB); break;
    case 3:
      if (is_bgr) cv::cvtColor(image, rgb, cv::COLOR_BGR2RGB);
      else rgb = image;
      break;
    case 4:
      cv::cvtColor(image, rgb, is_bgr ? cv::COLOR_BGRA2RGB : cv::COLOR_RGBA2RGB);
      break;
    default: throw InputError("has a number of channels that no image has");
  }
  return rgb;
}

cv::Mat decode_image(const std::string& data) {
  if (is_portable_map(data)) {
    const PortableMap map = decode_portable_map(data);
    return to_rgb(map.pixels, map.white, false);
  }
  const cv::Mat pixels = decode_by_opencv(data);
  return to_rgb(pixels, pixels.depth() == CV_16U ? 65535 : 255, true);
}

cv::Mat resize_image(const cv::Mat& image, int height, int width) {
  // Along an axis that shrinks areas are averaged, along one that grows pixels are
  // interpolated.
  const cv::Size smaller(std::min(width, image.cols), std::min(height, image.rows));
  cv::Mat found = image;
  if (found.size() != smaller) {
    cv::Mat next;
    cv::resize(found, next, smaller, 0, 0, cv::INTER_AREA);
    found = next;
  }
  if (found.size() != cv::Size(width, height)) {
    cv::Mat next;
    cv::resize(found, next, cv::Size(width, height), 0, 0, cv::INTER_LINEAR);
    found = next;
  }
  return found;
}
